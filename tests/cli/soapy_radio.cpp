// SPDX-License-Identifier: GPL-3.0-or-later
//
// A radio that is not there, for tests: SoapySDR's driver "implicitjscc". What it receives comes
// from a file, what it sends goes to one, and its arguments say what goes wrong on the way.

#include <SoapySDR/Constants.h>
#include <SoapySDR/Device.hpp>
#include <SoapySDR/Errors.hpp>
#include <SoapySDR/Formats.hpp>
#include <SoapySDR/Registry.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Sample = std::complex<float>;
constexpr size_t mtu = 8192;

class Radio : public SoapySDR::Device {
public:
    explicit Radio(const SoapySDR::Kwargs &arguments) : arguments_(arguments) {
        if (!text("in").empty()) in_.open(text("in"), std::ios::binary);
        if (!text("out").empty()) out_.open(text("out"), std::ios::binary);
    }

    std::string getDriverKey() const override { return "implicitjscc"; }
    size_t getNumChannels(const int) const override { return 1; }
    std::vector<std::string> listAntennas(const int, const size_t) const override {
        return {"TX/RX"};
    }
    std::vector<std::string> listGains(const int direction, const size_t) const override {
        if (direction == SOAPY_SDR_TX) return {"VGA", "AMP"};
        return {"LNA", "AMP", "VGA"};
    }
    SoapySDR::Range getGainRange(const int, const size_t, const std::string &name) const override {
        if (name == "AMP") return SoapySDR::Range(0, 14, 14);
        return SoapySDR::Range(0, name == "LNA" ? 40 : 62, name == "LNA" ? 8 : 2);
    }
    void setGain(const int, const size_t, const std::string &name, const double value) override {
        const double step = name == "AMP" ? 14 : name == "LNA" ? 8 : 2;
        gains_[name] = step * std::floor(value / step);
    }
    double getGain(const int, const size_t, const std::string &name) const override {
        const auto found = gains_.find(name);
        return found == gains_.end() ? 0 : found->second;
    }
    std::vector<double> listSampleRates(const int, const size_t) const override {
        std::vector<double> rates;
        for (int mega = 1; mega <= 20; ++mega) rates.push_back(1e6 * mega);
        return rates;
    }
    void setSampleRate(const int, const size_t, const double rate) override {
        rate_ = rate * (1 + number("rate_error_ppm") * 1e-6);
    }
    double getSampleRate(const int, const size_t) const override { return rate_; }
    std::vector<std::string> listFrequencies(const int, const size_t) const override {
        return {"RF"};
    }
    SoapySDR::RangeList getFrequencyRange(
        const int, const size_t, const std::string &) const override {
        return {SoapySDR::Range(1e6, 6e9)};
    }
    void setFrequency(const int, const size_t, const std::string &, const double frequency,
        const SoapySDR::Kwargs &) override {
        frequency_ = 100 * std::floor(frequency / 100);
    }
    double getFrequency(const int, const size_t, const std::string &) const override {
        return frequency_;
    }
    void setBandwidth(const int, const size_t, const double bandwidth) override {
        bandwidth_ = bandwidth;
    }
    double getBandwidth(const int, const size_t) const override { return bandwidth_; }
    SoapySDR::RangeList getBandwidthRange(const int, const size_t) const override {
        return {SoapySDR::Range(1.75e6, 28e6)};
    }

    SoapySDR::Stream *setupStream(const int, const std::string &format,
        const std::vector<size_t> &, const SoapySDR::Kwargs &) override {
        if (format != SOAPY_SDR_CF32) throw std::runtime_error("only CF32");
        return reinterpret_cast<SoapySDR::Stream *>(this);
    }
    void closeStream(SoapySDR::Stream *) override { out_.flush(); }
    size_t getStreamMTU(SoapySDR::Stream *) const override { return mtu; }
    int activateStream(SoapySDR::Stream *, const int, const long long, const size_t) override {
        return 0;
    }
    int deactivateStream(SoapySDR::Stream *, const int, const long long) override { return 0; }

    int readStream(SoapySDR::Stream *, void *const *buffers, const size_t wanted, int &flags,
        long long &time_ns, const long timeout_us) override {
        if (reached("throw_at", read_)) throw std::runtime_error("the device was unplugged");
        if (reached("overflow_at", read_) && !overflowed_) {
            overflowed_ = true;
            in_.seekg(std::streamoff(number("lost")) * sizeof(Sample), std::ios::cur);
            return SOAPY_SDR_OVERFLOW;
        }
        in_.read(static_cast<char *>(buffers[0]), wanted * sizeof(Sample));
        const size_t got = in_.gcount() / sizeof(Sample);
        if (got == 0) {
            std::this_thread::sleep_for(std::chrono::microseconds(std::min(timeout_us, 20000L)));
            return SOAPY_SDR_TIMEOUT;
        }
        if (number("timed")) {
            flags |= SOAPY_SDR_HAS_TIME;
            time_ns = std::llround(1e9 * (read_ + (overflowed_ ? number("lost") : 0)) / rate_);
        }
        read_ += got;
        keep_pace(read_);
        return int(got);
    }

    int writeStream(SoapySDR::Stream *, const void *const *buffers, const size_t offered, int &,
        const long long, const long) override {
        if (reached("throw_at", written_)) throw std::runtime_error("the device was unplugged");
        if (reached("underflow_at", written_) && !underflowed_) {
            underflowed_ = true;
            return SOAPY_SDR_UNDERFLOW;
        }
        const size_t taken = number("short") ? std::min<size_t>(offered, number("short")) : offered;
        out_.write(static_cast<const char *>(buffers[0]), taken * sizeof(Sample));
        written_ += taken;
        keep_pace(written_);
        return int(taken);
    }

private:
    // A radio takes and gives samples at its rate; this one does so where it is asked to.
    void keep_pace(const size_t count) {
        using Clock = std::chrono::steady_clock;
        if (!number("paced")) return;
        if (start_ == Clock::time_point()) start_ = Clock::now();
        std::this_thread::sleep_until(start_ + std::chrono::duration_cast<Clock::duration>(
            std::chrono::duration<double>(count / rate_)));
    }

    std::string text(const std::string &key) const {
        const auto found = arguments_.find(key);
        return found == arguments_.end() ? "" : found->second;
    }
    double number(const std::string &key) const { return std::atof(text(key).c_str()); }
    bool reached(const std::string &key, const size_t count) const {
        return arguments_.count(key) && count >= number(key);
    }

    SoapySDR::Kwargs arguments_;
    std::ifstream in_;
    std::ofstream out_;
    std::map<std::string, double> gains_;
    double rate_ = 0, frequency_ = 0, bandwidth_ = 0;
    size_t read_ = 0, written_ = 0;
    std::chrono::steady_clock::time_point start_;
    bool overflowed_ = false, underflowed_ = false;
};

SoapySDR::KwargsList find(const SoapySDR::Kwargs &arguments) {
    if (!arguments.count("driver") || arguments.at("driver") != "implicitjscc") return {};
    return {arguments}; // SoapySDR opens one device only for each of these
}

SoapySDR::Device *make(const SoapySDR::Kwargs &arguments) { return new Radio(arguments); }

const SoapySDR::Registry registration("implicitjscc", &find, &make, SOAPY_SDR_ABI_VERSION);

} // namespace

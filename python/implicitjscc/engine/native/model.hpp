// SPDX-License-Identifier: GPL-3.0-or-later
// One source's decoder on one pool of threads: decoding, gradients, and the whole training step.
#pragma once

#include <cmath>
#include <new>

#include "local_filter.hpp"
#include "normals.hpp"
#include "row_pass.hpp"

namespace ijscc {
namespace {

constexpr float kTiny = 1e-12f;

// The bicubic kernel through which the noise matrix goes (codec/network.py).
constexpr float kBicubic[kTaps] = {-0.03515625f, -0.10546875f, 0.26171875f, 0.87890625f,
                                   0.87890625f,  0.26171875f,  -0.10546875f, -0.03515625f};

class Model {
public:
    static constexpr int kMostThreads = 64;

    Model(const Shape& shape, Pool& pool)
        : g_(shape), pool_(pool), redu_(g_), weights_(g_), filter_(g_) {}

    ~Model() {
        for (RowPass* pass : passes_) delete pass;
    }

    bool allocate() {
        return redu_.allocate() && weights_.allocate() && filter_.allocate(pool_.threads()) &&
               noise_.allocate(g_.shape.noise_matrix ? g_.joined[0] : 0, g_.shape.height,
                               g_.shape.width) &&
               allocate_passes(false);
    }

    // source: (channels, height, width); it is read in every step and must outlive the model.
    bool prepare_training(const float* source) {
        source_ = source;
        if (training_) return true;
        training_ = redu_.allocate_gradients(pool_.threads()) && allocate_passes(true) &&
                    noise_reals_.allocate(g_.reals() + kNormalsInBlock) &&
                    gradient_.allocate(g_.reals());
        return training_;
    }

    bool set_noise_matrix(const float* pyramid) {
        Redu redu(g_);
        float kernel[kTaps * kTaps];
        for (int y = 0; y < g_.shape.kernel_rows; ++y)
            for (int x = 0; x < kTaps; ++x)
                kernel[y * kTaps + x] =
                    g_.shape.kernel_rows == 1 ? kBicubic[x] : kBicubic[y] * kBicubic[x];
        if (!redu.allocate()) return false;
        auto job = [&](int thread) {
            redu.fill(pyramid, nullptr, 1.0f, 0.0f, thread, pool_.threads());
            pool_.barrier();
            redu.forward(kernel, pool_, thread);
            const Part rows(g_.shape.height, thread, pool_.threads());
            for (int row = rows.first; row < rows.last; ++row) {
                for (int m = 0; m < g_.shape.maps[0]; ++m)
                    std::memcpy(noise_.row(m, row), redu.row(0, m, row),
                                g_.shape.width * sizeof(float));
                for (int m = 0; m < g_.upsampled(0); ++m)
                    redu.upsample(0, m, row, kernel, noise_.row(g_.shape.maps[0] + m, row));
            }
        };
        run(job);
        return true;
    }

    // variance of the noise on what was received, and what the filter leaves of it; see filters().
    void decode(const float* received, const float* parameters, float variance,
                float filtered_variance, int filter_side, float* out) {
        weights_.set(parameters);
        filter_.set_side(filter_side);
        auto job = [&](int thread) {
            if (filters(variance, filtered_variance))
                filter_.forward(received, variance, filtered_variance, redu_, pool_, thread);
            else
                redu_.fill(received, nullptr, 1.0f, 0.0f, thread, pool_.threads());
            pool_.barrier();
            redu_.forward(weights_.kernel(), pool_, thread);
            const Part rows(g_.shape.height, thread, pool_.threads());
            if (rows.first < rows.last) passes_[thread]->decode(rows.first, rows.last, out);
        };
        run(job);
    }

    // Mean squared error and its gradients at what was received.
    double gradient(const float* received, const float* parameters, float* received_gradient,
                    float* parameter_gradient) {
        weights_.set(parameters);
        auto job = [&](int thread) {
            redu_.fill(received, nullptr, 1.0f, 0.0f, thread, pool_.threads());
            pool_.barrier();
            backpropagate(thread, 1.0f);
            gather(thread, received_gradient, nullptr);
        };
        run(job);
        collect(parameter_gradient);
        return loss();
    }

    // One step on the symbols, in place, by Adam; the loss before it and the parameters' gradient.
    double step(const StepSettings& s, float* symbols, float* first, float* second,
                const float* parameters, float* parameter_gradient) {
        weights_.set(parameters);
        filter_.set_side(s.filter_side);
        const int count = static_cast<int>(g_.reals());
        const float variance = s.noise_std * s.noise_std;
        const bool filtered = filters(variance, s.filtered_variance);
        auto job = [&](int thread) {
            const Part reals(count, thread, pool_.threads());
            const int blocks = (count + kNormalsInBlock - 1) / kNormalsInBlock;
            const Part noise(blocks, thread, pool_.threads());
            for (int block = noise.first; block < noise.last; ++block)
                normal_block(s.noise_key, static_cast<uint32_t>(block),
                             noise_reals_.data() + static_cast<size_t>(block) * kNormalsInBlock);
            energies_[thread] = product(symbols + reals.first, symbols + reals.first,
                                        reals.last - reals.first);
            pool_.barrier();
            const double energy = total(energies_) + kTiny * static_cast<double>(count);
            const float scale = static_cast<float>(s.symbols_rms / std::sqrt(energy / count));
            if (filtered) {
                float* received = noise_reals_.data();
                for (int i = reals.first; i < reals.last; ++i)
                    received[i] = scale * symbols[i] + s.noise_std * received[i];
                pool_.barrier();
                filter_.forward(received, variance, s.filtered_variance, redu_, pool_, thread);
            } else {
                redu_.fill(symbols, noise_reals_.data(), scale, s.noise_std, thread,
                           pool_.threads());
            }
            pool_.barrier();
            backpropagate(thread, s.loss_weight);
            if (filtered)
                filter_.backward(variance, s.filtered_variance, redu_, noise_reals_.data(),
                                 gradient_.data(), pool_, thread);
            products_[thread] = gather(thread, gradient_.data(), symbols);
            pool_.barrier();
            // The normalisation's gradient has no part along the symbols.
            const float along = static_cast<float>(total(products_) / energy);
            for (int k = 0; k < g_.levels(); ++k) {
                const Part level(static_cast<int>(g_.offsets[k + 1] - g_.offsets[k]), thread,
                                 pool_.threads());
                const size_t at = g_.offsets[k] + level.first;
                adam(s, s.rates[k], level.last - level.first, gradient_.data() + at, scale, along,
                     symbols + at, first + at, second + at);
            }
        };
        run(job);
        collect(parameter_gradient);
        return loss();
    }

private:
    static bool filters(float variance, float filtered_variance) {
        return filtered_variance >= 0.0f && filtered_variance < variance;
    }

    template <typename Function>
    void run(Function& function) {
        pool_.run([](void* context, int thread) { (*static_cast<Function*>(context))(thread); },
                  &function);
    }

    bool allocate_passes(bool training) {
        for (int thread = 0; thread < pool_.threads(); ++thread) {
            delete passes_[thread];
            passes_[thread] = new (std::nothrow) RowPass(g_, redu_, weights_, noise_);
            if (!passes_[thread] || !passes_[thread]->allocate(training)) return false;
        }
        return true;
    }

    // From filled levels to all gradients.
    void backpropagate(int thread, float loss_weight) {
        redu_.forward(weights_.kernel(), pool_, thread);
        const Part rows(g_.shape.height, thread, pool_.threads());
        const float scale = loss_weight * 2.0f / static_cast<float>(g_.samples());
        losses_[thread] = passes_[thread]->train(rows.first, rows.last, source_, scale);
        pool_.barrier();
        redu_.backward(weights_.kernel(), pool_, thread);
    }

    // The levels' gradients as one array; returns its product with `symbols`.
    double gather(int thread, float* out, const float* symbols) const {
        double along = 0;
        for (int k = 0; k < g_.levels(); ++k) {
            const int width = g_.widths[k];
            const Part part(g_.shape.maps[k] * g_.heights[k], thread, pool_.threads());
            for (int item = part.first; item < part.last; ++item) {
                const size_t at = g_.offsets[k] + static_cast<size_t>(item) * width;
                const float* from = redu_.own_gradient(k, 0, item);
                for (int i = 0; i < width; ++i) out[at + i] = from[i];
                if (symbols) along += product(out + at, symbols + at, width);
            }
        }
        return along;
    }

    static void adam(const StepSettings& s, float rate, int count, const float* gradient,
                     float scale, float along, float* __restrict symbols, float* __restrict first,
                     float* __restrict second) {
        const float b1 = s.first_moment, b2 = s.second_moment;
        for (int i = 0; i < count; ++i) {
            const float g = scale * (gradient[i] - along * symbols[i]);
            first[i] = b1 * first[i] + (1.0f - b1) * g;
            second[i] = b2 * second[i] + (1.0f - b2) * g * g;
            const float deviation = __builtin_sqrtf(second[i] * s.second_correction) + s.epsilon;
            symbols[i] -= rate * s.first_correction * first[i] / deviation;
        }
    }

    static double product(const float* a, const float* b, int count) {
        constexpr int kBlock = 64 * V;
        double total = 0;
        int i = 0;
        while (i + V <= count) {
            Vector sums = {};
            const int end = smaller(count - V, i + kBlock - V);
            for (; i <= end; i += V) sums += load(a + i) * load(b + i);
            total += sum(sums);
        }
        for (; i < count; ++i) total += static_cast<double>(a[i]) * b[i];
        return total;
    }

    double total(const double* parts) const {
        double all = 0;
        for (int thread = 0; thread < pool_.threads(); ++thread) all += parts[thread];
        return all;
    }

    void collect(float* gradient) const {
        for (size_t i = 0; i < g_.kernel; ++i) {
            double all = 0;
            for (int thread = 0; thread < pool_.threads(); ++thread)
                all += passes_[thread]->totals()[i];
            gradient[i] = static_cast<float>(all);
        }
        redu_.collect(pool_.threads(), gradient + g_.kernel);
    }

    double loss() const { return total(losses_) / static_cast<double>(g_.samples()); }

    Geometry g_;
    Pool& pool_;
    Redu redu_;
    PackedWeights weights_;
    LocalFilter filter_;
    Plane noise_;
    RowPass* passes_[kMostThreads] = {};
    bool training_ = false;
    const float* source_ = nullptr;
    Buffer noise_reals_, gradient_;
    double losses_[kMostThreads] = {}, energies_[kMostThreads] = {}, products_[kMostThreads] = {};
};

}  // namespace
}  // namespace ijscc

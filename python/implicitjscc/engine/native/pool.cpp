// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool.hpp"

#include <chrono>

namespace ijscc {

namespace {
using Clock = std::chrono::steady_clock;

// The phases between barriers last some microseconds to milliseconds: spinning is cheaper than
// sleeping as long as all threads have a core. Where others have it, who spins spends the time
// that the scheduler grants; who sleeps is run soon after waking.
constexpr int kSpins = 2000;
constexpr std::chrono::microseconds kYielding{200};
}  // namespace

Pool::Pool(int threads) {
    for (int thread = 1; thread < threads; ++thread)
        workers_.emplace_back(&Pool::serve, this, thread);
}

Pool::~Pool() {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        ending_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
}

int Pool::threads() const { return static_cast<int>(workers_.size()) + 1; }

void Pool::run(Job job, void* context) {
    if (!workers_.empty()) {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            job_ = job;
            context_ = context;
            running_ = static_cast<int>(workers_.size());
            ++generation_;
        }
        wake_.notify_all();
    }
    job(context, 0);
    if (!workers_.empty()) {
        std::unique_lock<std::mutex> lock(mutex_);
        done_.wait(lock, [this] { return running_ == 0; });
    }
}

void Pool::barrier() {
    if (workers_.empty()) return;
    const int phase = phase_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) == threads() - 1) {
        arrived_.store(0, std::memory_order_relaxed);
        {
            std::lock_guard<std::mutex> lock(phase_mutex_);
            phase_.store(phase + 1, std::memory_order_release);
        }
        passed_.notify_all();
        return;
    }
    const auto passed = [&] { return phase_.load(std::memory_order_acquire) != phase; };
    for (int spin = 0; spin < kSpins; ++spin)
        if (passed()) return;
    for (const auto began = Clock::now(); Clock::now() - began < kYielding;) {
        if (passed()) return;
        std::this_thread::yield();
    }
    std::unique_lock<std::mutex> lock(phase_mutex_);
    passed_.wait(lock, passed);
}

void Pool::serve(int thread) {
    long seen = 0;
    for (;;) {
        Job job;
        void* context;
        {
            std::unique_lock<std::mutex> lock(mutex_);
            wake_.wait(lock, [&] { return ending_ || generation_ != seen; });
            if (ending_) return;
            seen = generation_;
            job = job_;
            context = context_;
        }
        job(context, thread);
        {
            std::lock_guard<std::mutex> lock(mutex_);
            if (--running_ == 0) done_.notify_one();
        }
    }
}

}  // namespace ijscc

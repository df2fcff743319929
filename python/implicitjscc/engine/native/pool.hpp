// SPDX-License-Identifier: GPL-3.0-or-later
// Threads that wait for work together.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace ijscc {

using Job = void (*)(void* context, int thread);

class Pool {
public:
    explicit Pool(int threads);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    int threads() const;

    // Runs job(context, 0 .. threads - 1) at the same time; returns when all have.
    void run(Job job, void* context);

    // Inside a job: waits until every thread has come here.
    void barrier();

private:
    void serve(int thread);

    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable done_;
    Job job_ = nullptr;
    void* context_ = nullptr;
    long generation_ = 0;
    int running_ = 0;
    bool ending_ = false;
    std::mutex phase_mutex_;
    std::condition_variable passed_;
    std::atomic<int> arrived_{0};
    std::atomic<int> phase_{0};
};

}  // namespace ijscc

// SPDX-License-Identifier: GPL-3.0-or-later
// The receiver's Wiener filter over square neighbourhoods (codec/wiener.py) for noise of one
// variance, and its adjoint; both work on the threads of a running job.
#pragma once

#include "redu.hpp"

namespace ijscc {
namespace {

class LocalFilter {
public:
    explicit LocalFilter(const Geometry& geometry) : g_(geometry) {}

    bool allocate(int threads) {
        for (int k = 0; k < g_.levels(); ++k) {
            if (!column_weights_[k].allocate(1, 1, g_.widths[k])) return false;
        }
        return deviations_.allocate(g_.reals()) &&
               columns_.allocate(1, threads, g_.shape.width) &&
               sums_.allocate(1, threads, g_.shape.width);
    }

    // side: of the neighbourhoods, odd, up to 2 * kMargin + 1. Not while a job runs.
    void set_side(int side) {
        if (side / 2 == radius_) return;
        radius_ = side / 2;
        for (int k = 0; k < g_.levels(); ++k) {
            float* weights = column_weights_[k].row(0, 0);
            for (int i = 0; i < g_.widths[k]; ++i)
                weights[i] = 1.0f / in_range(i, g_.widths[k]);
        }
    }

    // received: all levels' reals; the filtered ones go to the levels of `redu`. Every thread
    // must have written its part of `received` before. Ends without a barrier.
    void forward(const float* received, float variance, float left, const Redu& redu, Pool& pool,
                 int thread) {
        rows(pool, thread, [&](int k, int item, size_t at, float weight) {
            const float* sums = box(received, k, item, at, thread, Identity());
            const float* weights = column_weights_[k].row(0, 0);
            for (int i = 0; i < g_.widths[k]; ++i)
                deviations_.data()[at + i] = received[at + i] - sums[i] * weights[i] * weight;
        });
        pool.barrier();
        rows(pool, thread, [&](int k, int item, size_t at, float weight) {
            const float* sums = box(deviations_.data(), k, item, at, thread, Square());
            const float* weights = column_weights_[k].row(0, 0);
            const float* deviation = deviations_.data() + at;
            float* to = redu.row(k, 0, item);
            for (int i = 0; i < g_.widths[k]; ++i) {
                const float signal = signal_variance(sums[i], weights[i] * weight, variance);
                to[i] = received[at + i] -
                        deviation[i] * (variance - left) / (signal + variance);
            }
            replicate_border(to, g_.widths[k]);
        });
    }

    // The gradients at the filtered levels, in place of `redu`, become those at what was received.
    // first, second: room for all reals. Begins behind a barrier and ends with one.
    void backward(float variance, float left, const Redu& redu, float* first, float* second,
                  Pool& pool, int thread) {
        const float* deviations = deviations_.data();
        // Through the gain to the signal's variance.
        rows(pool, thread, [&](int k, int item, size_t at, float weight) {
            const float* sums = box(deviations, k, item, at, thread, Square());
            const float* weights = column_weights_[k].row(0, 0);
            const float* gradient = redu.own_gradient(k, 0, item);
            for (int i = 0; i < g_.widths[k]; ++i) {
                const float part = weights[i] * weight;
                const float signal = signal_variance(sums[i], part, variance);
                const float inverse = 1.0f / (signal + variance);
                const float slope = gradient[i] * deviations[at + i] * (variance - left) * inverse *
                                    inverse * part;
                first[at + i] = signal > 0.0f ? slope : 0.0f;
            }
        });
        pool.barrier();
        // To the deviations, and from there and from the output to the means.
        rows(pool, thread, [&](int k, int item, size_t at, float weight) {
            const float* weights = column_weights_[k].row(0, 0);
            const float* deviation = deviations + at;
            float* gradient = redu.own_gradient(k, 0, item);
            const float* sums = box(deviations, k, item, at, thread, Square());
            for (int i = 0; i < g_.widths[k]; ++i) {
                const float signal = signal_variance(sums[i], weights[i] * weight, variance);
                second[at + i] = (variance - left) / (signal + variance);
            }
            sums = box(first, k, item, at, thread, Identity());
            for (int i = 0; i < g_.widths[k]; ++i) {
                const float mean = gradient[i] * second[at + i] - 2.0f * deviation[i] * sums[i];
                gradient[i] -= mean;
                second[at + i] = mean * weights[i] * weight;
            }
        });
        pool.barrier();
        rows(pool, thread, [&](int k, int item, size_t at, float) {
            const float* sums = box(second, k, item, at, thread, Identity());
            float* gradient = redu.own_gradient(k, 0, item);
            for (int i = 0; i < g_.widths[k]; ++i) gradient[i] += sums[i];
        });
        pool.barrier();
    }

private:
    struct Identity {
        float operator()(float x) const { return x; }
    };
    struct Square {
        float operator()(float x) const { return x * x; }
    };

    // Neighbours, itself included, that index i of a row or column has within it.
    float in_range(int i, int count) const {
        const int first = i > radius_ ? i - radius_ : 0;
        return static_cast<float>(smaller(i + radius_, count - 1) - first + 1);
    }

    // part: one over the number of neighbours. A deviation from the mean of n values has lost one
    // n-th of the noise.
    static float signal_variance(float squares, float part, float variance) {
        const float signal = squares * part - variance * (1.0f - part);
        return signal > 0.0f ? signal : 0.0f;
    }

    // Calls body(level, row of all its maps, offset of its reals, one over the rows of a
    // neighbourhood) for this thread's rows of all levels.
    template <typename Body>
    void rows(Pool& pool, int thread, Body body) const {
        for (int k = 0; k < g_.levels(); ++k) {
            const Part part(g_.shape.maps[k] * g_.heights[k], thread, pool.threads());
            for (int item = part.first; item < part.last; ++item)
                body(k, item, g_.offsets[k] + static_cast<size_t>(item) * g_.widths[k],
                     1.0f / in_range(item % g_.heights[k], g_.heights[k]));
        }
    }

    // Sums of function(value) over the neighbourhood of each value of a row.
    template <typename Function>
    const float* box(const float* values, int k, int item, size_t at, int thread,
                     Function function) const {
        const int width = g_.widths[k], row = item % g_.heights[k];
        const int up = smaller(radius_, row), down = smaller(radius_, g_.heights[k] - 1 - row);
        float* columns = columns_.row(0, thread);
        for (int i = -radius_; i < width + radius_; ++i) columns[i] = 0.0f;
        for (int y = -up; y <= down; ++y) {
            const float* from = values + at + static_cast<ptrdiff_t>(y) * width;
            for (int i = 0; i < width; ++i) columns[i] += function(from[i]);
        }
        float* sums = sums_.row(0, thread);
        for (int i = 0; i < width; ++i) sums[i] = columns[i];
        for (int x = 1; x <= radius_; ++x)
            for (int i = 0; i < width; ++i) sums[i] += columns[i - x] + columns[i + x];
        return sums;
    }

    const Geometry& g_;
    int radius_ = 0;
    Plane column_weights_[kMaximumLevels];
    Buffer deviations_;
    Plane columns_, sums_;
};

}  // namespace
}  // namespace ijscc

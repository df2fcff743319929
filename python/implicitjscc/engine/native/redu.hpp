// SPDX-License-Identifier: GPL-3.0-or-later
// ReDU over a whole pyramid but its last stage, which the row pass does row by row; and its adjoint.
#pragma once

#include "geometry.hpp"
#include "pool.hpp"

namespace ijscc {
namespace {

// Rows of gradients with even and odd columns apart.
class SplitPlane {
public:
    bool allocate(int maps, int rows, int width) {
        odd_offset_ = round_up((width + 1) / 2, V) + kMargin;
        return plane_.allocate(maps, rows, 2 * odd_offset_);
    }
    float* even(int map, int row) const { return plane_.row(map, row); }
    float* odd(int map, int row) const { return plane_.row(map, row) + odd_offset_; }
    int odd_offset() const { return odd_offset_; }

private:
    Plane plane_;
    int odd_offset_ = 0;
};

// Which part of `count` items thread `thread` does.
struct Part {
    int first, last;
    Part(int count, int thread, int threads)
        : first(static_cast<int>(static_cast<int64_t>(count) * thread / threads)),
          last(static_cast<int>(static_cast<int64_t>(count) * (thread + 1) / threads)) {}
};

class Redu {
public:
    explicit Redu(const Geometry& geometry) : g_(geometry) {}

    bool allocate() {
        for (int k = 0; k < g_.levels(); ++k) {
            const int maps = k == 0 ? g_.shape.maps[0] : g_.joined[k];
            if (!joined_[k].allocate(maps, g_.heights[k], g_.widths[k])) return false;
        }
        return true;
    }

    bool allocate_gradients(int threads) {
        for (int k = 0; k < g_.levels(); ++k) {
            if (!own_gradient_[k].allocate(g_.shape.maps[k], g_.heights[k], g_.widths[k]) ||
                !upsampled_gradient_[k].allocate(g_.upsampled(k), g_.heights[k], g_.widths[k]))
                return false;
        }
        return rows_.allocate(1, threads, g_.shape.width) &&
               kernel_sums_.allocate(kernel_size() * threads);
    }

    // A row of level k; for k > 0 the maps from coarser levels follow the level's own.
    float* row(int k, int map, int row) const { return joined_[k].row(map, row); }
    float* own_gradient(int k, int map, int row) const { return own_gradient_[k].row(map, row); }
    const SplitPlane& upsampled_gradient(int k) const { return upsampled_gradient_[k]; }

    // Puts scale x + noise_std noise into the levels' own rows; noise may be null.
    void fill(const float* x, const float* noise, float scale, float noise_std, int thread,
              int threads) const {
        for (int k = 0; k < g_.levels(); ++k) {
            const int width = g_.widths[k];
            const Part part(g_.shape.maps[k] * g_.heights[k], thread, threads);
            for (int item = part.first; item < part.last; ++item) {
                const size_t at = g_.offsets[k] + static_cast<size_t>(item) * width;
                float* to = joined_[k].row(0, item);
                if (noise) {
                    for (int i = 0; i < width; ++i)
                        to[i] = scale * x[at + i] + noise_std * noise[at + i];
                } else {
                    for (int i = 0; i < width; ++i) to[i] = scale * x[at + i];
                }
                replicate_border(to, width);
            }
        }
    }

    // Upsamples level by level down to level 1; ends with a barrier.
    void forward(const float* kernel, Pool& pool, int thread) const {
        for (int k = g_.levels() - 2; k >= 1; --k) {
            const int rows = g_.heights[k], own = g_.shape.maps[k];
            const Part part(g_.upsampled(k) * rows, thread, pool.threads());
            for (int item = part.first; item < part.last; ++item) {
                float* to = joined_[k].row(own + item / rows, item % rows);
                upsample(k, item / rows, item % rows, kernel, to);
                replicate_border(to, g_.widths[k]);
            }
            pool.barrier();
        }
    }

    // Row `row` at level k's resolution of map `map` of level k + 1.
    void upsample(int k, int map, int row, const float* kernel, float* out) const {
        int inputs[4], kernels[4];
        const int count =
            upsampling_rows(row, g_.heights[k + 1], g_.shape.kernel_rows, inputs, kernels);
        RowTap taps[4];
        for (int i = 0; i < count; ++i)
            taps[i] = {joined_[k + 1].row(map, inputs[i]), kernel + kernels[i] * kTaps};
        upsample_row(taps, count, out, g_.widths[k]);
    }

    // From the gradients at level 0 to those of all levels and of the kernel; ends with a barrier.
    void backward(const float* kernel, Pool& pool, int thread) const {
        float* sums = kernel_sums_.data() + kernel_size() * thread;
        std::memset(sums, 0, kernel_size() * sizeof(float));
        for (int k = 1; k < g_.levels(); ++k) {
            const int rows = g_.heights[k], own = g_.shape.maps[k];
            const Part part(g_.joined[k] * rows, thread, pool.threads());
            for (int item = part.first; item < part.last; ++item) {
                const int map = item / rows, row = item % rows;
                if (map < own) {
                    adjoint(k, map, row, kernel, own_gradient_[k].row(map, row), sums);
                } else {
                    float* gradient = rows_.row(0, thread);
                    adjoint(k, map, row, kernel, gradient, sums);
                    split_columns(gradient, g_.widths[k],
                                  upsampled_gradient_[k].even(map - own, row),
                                  upsampled_gradient_[k].odd_offset());
                }
            }
            pool.barrier();
        }
    }

    // After backward(): adds all threads' kernel gradients up.
    void collect(int threads, float* gradient) const {
        for (size_t i = 0; i < kernel_size() / V; ++i) {
            double total = 0;
            for (int thread = 0; thread < threads; ++thread) {
                const float* lanes = kernel_sums_.data() + kernel_size() * thread + i * V;
                for (int lane = 0; lane < V; ++lane) total += lanes[lane];
            }
            gradient[i] = static_cast<float>(total);
        }
    }

private:
    size_t kernel_size() const {
        return static_cast<size_t>(g_.shape.kernel_rows) * kTaps * V;
    }

    // The gradient of a row of level k from that of the maps upsampled to level k - 1.
    void adjoint(int k, int map, int row, const float* kernel, float* gradient,
                 float* sums) const {
        const int width = g_.widths[k], rows = g_.heights[k], outputs = g_.heights[k - 1];
        const SplitPlane& from = upsampled_gradient_[k - 1];
        const float* in = joined_[k].row(map, row);
        std::memset(gradient - kBorder, 0, (width + 2 * kBorder + V) * sizeof(float));
        if (g_.shape.kernel_rows == 1) {
            adjoint_row(from.even(map, 0), from.odd(map, 0), kernel, in, gradient, width, sums);
        } else {
            // A row at the border stands for the rows that replicate it, too.
            const int first = row == 0 ? -kBorder : row;
            const int last = row == rows - 1 ? row + kBorder : row;
            for (int padded = first; padded <= last; ++padded)
                for (int tap = 0; tap < kTaps; ++tap) {
                    const int t = 2 * padded + tap - 3;
                    if (t < 0 || t >= outputs) continue;
                    adjoint_row(from.even(map, t), from.odd(map, t), kernel + tap * kTaps, in,
                                gradient, width, sums + tap * kTaps * V);
                }
        }
        fold_border(gradient, width);
    }

    const Geometry& g_;
    Plane joined_[kMaximumLevels];
    Plane own_gradient_[kMaximumLevels];
    SplitPlane upsampled_gradient_[kMaximumLevels];
    Plane rows_;
    Buffer kernel_sums_;
};

}  // namespace
}  // namespace ijscc

// SPDX-License-Identifier: GPL-3.0-or-later
// One row of ReDU and of its adjoint (codec/network.py: upsample).
//
// With borders replicated, out[t] = sum over p of in[clamp(p)] kernel[t + 3 - 2 p] in each
// direction: an even t = 2 m takes p = m-2 .. m+1 with taps 7 5 3 1, an odd one p = m-1 .. m+2 with
// taps 6 4 2 0.
#pragma once

#include "simd.hpp"

namespace ijscc {
namespace {

constexpr int kTaps = 8;
constexpr int kBorder = 2;  // columns that are replicated on each side of an input row

// An input row and the row of the kernel that meets it.
struct RowTap {
    const float* in;
    const float* kernel;
};

// Which input rows make output row t, as (input row, kernel row) pairs; at most 4.
inline int upsampling_rows(int t, int input_rows, int kernel_rows, int* inputs, int* kernels) {
    if (kernel_rows == 1) {
        inputs[0] = kernels[0] = 0;
        return 1;
    }
    const int first = t / 2 - 2 + (t & 1);
    for (int i = 0; i < 4; ++i) {
        inputs[i] = clamped(first + i, 0, input_rows - 1);
        kernels[i] = t + 3 - 2 * (first + i);
    }
    return 4;
}

// Writes whole vectors: at least `width` values, at most up to the next multiple of kChunk.
inline void upsample_row(const RowTap* taps, int count, float* out, int width) {
    constexpr int kVectors = V == 16 ? 4 : 2;
    constexpr int kBlock = kVectors * V;
    const int half = (width + 1) / 2;
    for (int m = 0; m < half; m += kBlock) {
        Vector even[kVectors] = {}, odd[kVectors] = {};
        for (int tap = 0; tap < count; ++tap) {
            Vector k[kTaps];
            for (int i = 0; i < kTaps; ++i) k[i] = splat(taps[tap].kernel[i]);
            for (int v = 0; v < kVectors; ++v) {
                const float* in = taps[tap].in + m + v * V;
                const Vector a = load(in - 2), b = load(in - 1), c = load(in), d = load(in + 1),
                             e = load(in + 2);
                even[v] += k[7] * a + k[5] * b + k[3] * c + k[1] * d;
                odd[v] += k[6] * b + k[4] * c + k[2] * d + k[0] * e;
            }
        }
        float evens[kBlock], odds[kBlock];
        for (int v = 0; v < kVectors; ++v) {
            store(evens + v * V, even[v]);
            store(odds + v * V, odd[v]);
        }
        float* to = out + 2 * m;
        for (int i = 0; i < kBlock; ++i) {
            to[2 * i] = evens[i];
            to[2 * i + 1] = odds[i];
        }
    }
}

inline void replicate_border(float* row, int width) {
    for (int i = 1; i <= kBorder; ++i) {
        row[-i] = row[0];
        row[width - 1 + i] = row[width - 1];
    }
}

// Even and odd columns of a gradient row apart, in one row: the odd ones from `odd_offset` on.
inline void split_columns(const float* in, int width, float* out, int odd_offset) {
    const int evens = (width + 1) / 2, odds = width / 2;
    for (int i = 0; i < odds; ++i) {
        out[i] = in[2 * i];
        out[odd_offset + i] = in[2 * i + 1];
    }
    if (evens > odds) out[odds] = in[2 * odds];
}

// Adds what one row of the output's gradient gives to an input row's gradient and to its kernel row.
//
// even, odd: the gradient's columns, 0 beyond their ends for kMargin floats.
// in: the input row, borders replicated.
// gradient: from column -2 to width + 1, the borders' share not yet folded.
// kernel_gradient: 8 vectors, to be summed over their lanes.
inline void adjoint_row(const float* even, const float* odd, const float* kernel, const float* in,
                        float* gradient, int width, float* kernel_gradient) {
    Vector k[kTaps], sums[kTaps];
    for (int i = 0; i < kTaps; ++i) {
        k[i] = splat(kernel[i]);
        sums[i] = load(kernel_gradient + i * V);
    }
    for (int q = -kBorder; q < width + kBorder; q += V) {
        const Vector taps[kTaps] = {load(odd + q - 2), load(even + q - 1), load(odd + q - 1),
                                    load(even + q), load(odd + q), load(even + q + 1),
                                    load(odd + q + 1), load(even + q + 2)};
        const Vector value = load(in + q);
        Vector total = load(gradient + q);
        for (int i = 0; i < kTaps; ++i) {
            total += k[i] * taps[i];
            sums[i] += value * taps[i];
        }
        store(gradient + q, total);
    }
    for (int i = 0; i < kTaps; ++i) store(kernel_gradient + i * V, sums[i]);
}

// Gives the replicated columns' gradient to the columns they were copied from, and clears the rest.
inline void fold_border(float* gradient, int width) {
    for (int i = 1; i <= kBorder; ++i) {
        gradient[0] += gradient[-i];
        gradient[width - 1] += gradient[width - 1 + i];
    }
    for (int i = 1; i <= kBorder; ++i) gradient[-i] = 0;
    for (int i = width; i < width + kBorder + V; ++i) gradient[i] = 0;
}

}  // namespace
}  // namespace ijscc

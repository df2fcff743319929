// SPDX-License-Identifier: GPL-3.0-or-later
// One row of a residual 3x3 layer (1x3 for sources of one dimension), of its adjoint, and the
// gradient of its weights. Rows have a border column on each side: replicated in values, 0 in
// gradients.
#pragma once

#include "simd.hpp"

namespace ijscc {
namespace {

constexpr int kColumns = 3;

// An input row and the three weights with which it enters output o: weights[o * kColumns + dx].
struct ConvolutionTerm {
    const float* in;
    const float* weights;
};

template <int Outputs>
inline void convolve_block(const ConvolutionTerm* terms, int count, int first, float* const* out,
                           int width) {
    constexpr int kGroup = kPixelVectors * V;
    for (int column = 0; column < width; column += kGroup) {
        Vector sums[Outputs][kPixelVectors];
        for (int o = 0; o < Outputs; ++o)
            for (int v = 0; v < kPixelVectors; ++v) sums[o][v] = load(out[o] + column + v * V);
        for (int term = 0; term < count; ++term) {
            const float* w = terms[term].weights + first * kColumns;
            for (int dx = 0; dx < kColumns; ++dx) {
                const float* in = terms[term].in + column + dx - 1;
                Vector values[kPixelVectors];
                for (int v = 0; v < kPixelVectors; ++v) values[v] = load(in + v * V);
                for (int o = 0; o < Outputs; ++o)
                    for (int v = 0; v < kPixelVectors; ++v)
                        sums[o][v] += w[o * kColumns + dx] * values[v];
            }
        }
        for (int o = 0; o < Outputs; ++o)
            for (int v = 0; v < kPixelVectors; ++v) store(out[o] + column + v * V, sums[o][v]);
    }
}

// out[o] += the sum over all terms and columns.
inline void convolve_row(const ConvolutionTerm* terms, int count, int outputs, float* const* out,
                         int width) {
    int o = 0;
    for (; o + 3 <= outputs; o += 3) convolve_block<3>(terms, count, o, out + o, width);
    for (; o < outputs; ++o) convolve_block<1>(terms, count, o, out + o, width);
}

// What the gradient's row gives to the replicated columns goes to the columns they were copied
// from. The terms' weights are mirrored: weights[dx] meets the gradient at column + dx - 1.
inline void fold_columns(const ConvolutionTerm* terms, int count, int outputs, float* const* out,
                         int width) {
    for (int term = 0; term < count; ++term)
        for (int o = 0; o < outputs; ++o) {
            const float* w = terms[term].weights + o * kColumns;
            out[o][0] += w[2] * terms[term].in[0];
            out[o][width - 1] += w[0] * terms[term].in[width - 1];
        }
}

// sums[o * step + dx] += gradient[o] in[dx]: three weights of each of `Outputs` outputs.
template <int Outputs>
inline void convolution_gradient_block(const float* const* gradient, const float* in, int width,
                                       float* sums, size_t step) {
    Vector total[Outputs][kColumns];
    for (int o = 0; o < Outputs; ++o)
        for (int dx = 0; dx < kColumns; ++dx) total[o][dx] = load(sums + o * step + dx * V);
    for (int column = 0; column < width; column += V) {
        Vector values[kColumns];
        for (int dx = 0; dx < kColumns; ++dx) values[dx] = load(in + column + dx - 1);
        for (int o = 0; o < Outputs; ++o) {
            const Vector g = load(gradient[o] + column);
            for (int dx = 0; dx < kColumns; ++dx) total[o][dx] += g * values[dx];
        }
    }
    for (int o = 0; o < Outputs; ++o)
        for (int dx = 0; dx < kColumns; ++dx) store(sums + o * step + dx * V, total[o][dx]);
}

inline void convolution_gradient(const float* const* gradient, int outputs, const float* in,
                                 int width, float* sums, size_t step) {
    int o = 0;
    for (; o + 3 <= outputs; o += 3)
        convolution_gradient_block<3>(gradient + o, in, width, sums + o * step, step);
    for (; o < outputs; ++o)
        convolution_gradient_block<1>(gradient + o, in, width, sums + o * step, step);
}

inline void replicate_columns(float* row, int width) {
    row[-1] = row[0];
    row[width] = row[width - 1];
}

inline void clear_behind(float* row, int width) {
    const int end = round_up(width, kChunk);
    for (int column = width; column < end; ++column) row[column] = 0;
    row[end] = 0;
}

}  // namespace
}  // namespace ijscc

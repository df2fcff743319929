// SPDX-License-Identifier: GPL-3.0-or-later
// 1x1 layers over a chunk of pixels, their adjoint, and the gradient of their weights.
//
// Values of a chunk lie as [channel][kChunk].
#pragma once

#include "simd.hpp"

namespace ijscc {
namespace {

enum class Epilogue { kNone, kRelu, kMask };

// Weights of a layer in the order in which they are read: blocks of kOutputs outputs.
inline size_t packed_size(int inputs, int outputs) {
    return static_cast<size_t>(round_up(outputs, kOutputs)) * inputs;
}

// weight(o, i) = from[o * output_step + i * input_step].
inline void pack(const float* from, int inputs, int outputs, int output_step, int input_step,
                 float* to) {
    for (int first = 0; first < outputs; first += kOutputs)
        for (int i = 0; i < inputs; ++i)
            for (int o = first; o < first + kOutputs; ++o)
                *to++ = o < outputs ? from[o * output_step + i * input_step] : 0.0f;
}

template <int Outputs, Epilogue epilogue>
inline void dense_block(const float* const* in, int inputs, const float* weights,
                        const float* bias, const float* mask, float* out) {
    constexpr int kGroup = kPixelVectors * V;
    for (int pixel = 0; pixel < kChunk; pixel += kGroup) {
        Vector sums[Outputs][kPixelVectors];
        for (int o = 0; o < Outputs; ++o)
            for (int v = 0; v < kPixelVectors; ++v)
                sums[o][v] = epilogue == Epilogue::kMask ? Vector{} : splat(bias[o]);
        const float* w = weights;
        for (int i = 0; i < inputs; ++i, w += kOutputs) {
            Vector values[kPixelVectors];
            for (int v = 0; v < kPixelVectors; ++v) values[v] = load(in[i] + pixel + v * V);
            for (int o = 0; o < Outputs; ++o)
                for (int v = 0; v < kPixelVectors; ++v) sums[o][v] += w[o] * values[v];
        }
        for (int o = 0; o < Outputs; ++o)
            for (int v = 0; v < kPixelVectors; ++v) {
                const int at = o * kChunk + pixel + v * V;
                Vector value = sums[o][v];
                if (epilogue == Epilogue::kRelu) value = positive_part(value);
                if (epilogue == Epilogue::kMask && mask)
                    value = where_positive(load(mask + at), value);
                store(out + at, value);
            }
    }
}

template <Epilogue epilogue>
inline void dense_blocks(const float* const* in, int inputs, int outputs, const float* weights,
                         const float* bias, const float* mask, float* out) {
    for (int first = 0; first < outputs; first += kOutputs) {
        const float* w = weights + static_cast<size_t>(first) * inputs;
        const float* b = bias ? bias + first : nullptr;
        const float* m = mask ? mask + first * kChunk : nullptr;
        float* to = out + first * kChunk;
        switch (smaller(outputs - first, kOutputs)) {
            case 1: dense_block<1, epilogue>(in, inputs, w, b, m, to); break;
            case 2: dense_block<2, epilogue>(in, inputs, w, b, m, to); break;
            case 3: dense_block<3, epilogue>(in, inputs, w, b, m, to); break;
            case 4: dense_block<4, epilogue>(in, inputs, w, b, m, to); break;
            case 5: dense_block<smaller(5, kOutputs), epilogue>(in, inputs, w, b, m, to); break;
            default: dense_block<kOutputs, epilogue>(in, inputs, w, b, m, to);
        }
    }
}

// out = weights in + bias.
inline void dense(const float* const* in, int inputs, int outputs, const float* weights,
                  const float* bias, float* out) {
    dense_blocks<Epilogue::kNone>(in, inputs, outputs, weights, bias, nullptr, out);
}

// The same through ReLU.
inline void dense_relu(const float* const* in, int inputs, int outputs, const float* weights,
                       const float* bias, float* out) {
    dense_blocks<Epilogue::kRelu>(in, inputs, outputs, weights, bias, nullptr, out);
}

// out = weights in, kept where `mask` is positive; everywhere if it is null.
inline void dense_backward(const float* const* in, int inputs, int outputs, const float* weights,
                           const float* mask, float* out) {
    dense_blocks<Epilogue::kMask>(in, inputs, outputs, weights, nullptr, mask, out);
}

template <int Outputs, int Inputs>
inline void weight_gradient_block(const float* gradient, const float* const* in, float* sums,
                                  int inputs) {
    Vector total[Outputs][Inputs];
    for (int o = 0; o < Outputs; ++o)
        for (int i = 0; i < Inputs; ++i) total[o][i] = load(sums + (o * inputs + i) * V);
    for (int pixel = 0; pixel < kChunk; pixel += V) {
        Vector values[Inputs];
        for (int i = 0; i < Inputs; ++i) values[i] = load(in[i] + pixel);
        for (int o = 0; o < Outputs; ++o) {
            const Vector g = load(gradient + o * kChunk + pixel);
            for (int i = 0; i < Inputs; ++i) total[o][i] += g * values[i];
        }
    }
    for (int o = 0; o < Outputs; ++o)
        for (int i = 0; i < Inputs; ++i) store(sums + (o * inputs + i) * V, total[o][i]);
}

template <int Inputs>
inline void weight_gradient_column(const float* gradient, int outputs, const float* const* in,
                                   float* sums, int inputs) {
    for (int o = 0; o < outputs; o += kOutputs) {
        const float* g = gradient + o * kChunk;
        float* to = sums + static_cast<size_t>(o) * inputs * V;
        switch (smaller(outputs - o, kOutputs)) {
            case 1: weight_gradient_block<1, Inputs>(g, in, to, inputs); break;
            case 2: weight_gradient_block<2, Inputs>(g, in, to, inputs); break;
            case 3: weight_gradient_block<3, Inputs>(g, in, to, inputs); break;
            case 4: weight_gradient_block<4, Inputs>(g, in, to, inputs); break;
            case 5: weight_gradient_block<smaller(5, kOutputs), Inputs>(g, in, to, inputs); break;
            default: weight_gradient_block<kOutputs, Inputs>(g, in, to, inputs);
        }
    }
}

// sums[o][i] += gradient[o] in[i], a vector each, to be summed over its lanes.
inline void weight_gradient(const float* gradient, int outputs, const float* const* in, int inputs,
                            float* sums) {
    for (int i = 0; i < inputs; i += kGradientInputs) {
        float* to = sums + static_cast<size_t>(i) * V;
        switch (smaller(inputs - i, kGradientInputs)) {
            case 1: weight_gradient_column<1>(gradient, outputs, in + i, to, inputs); break;
            case 2: weight_gradient_column<2>(gradient, outputs, in + i, to, inputs); break;
            case 3:
                weight_gradient_column<smaller(3, kGradientInputs)>(gradient, outputs, in + i, to,
                                                                    inputs);
                break;
            default:
                weight_gradient_column<kGradientInputs>(gradient, outputs, in + i, to, inputs);
        }
    }
}

// sums[o] += gradient[o].
inline void bias_gradient(const float* gradient, int outputs, float* sums) {
    for (int o = 0; o < outputs; ++o) {
        Vector total = load(sums + o * V);
        for (int pixel = 0; pixel < kChunk; pixel += V) total += load(gradient + o * kChunk + pixel);
        store(sums + o * V, total);
    }
}

}  // namespace
}  // namespace ijscc

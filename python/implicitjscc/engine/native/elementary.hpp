// SPDX-License-Identifier: GPL-3.0-or-later
// Elementary functions as plain loops over short arrays, which compilers turn into vector code.
#pragma once

#include "simd.hpp"

namespace ijscc {
namespace {

inline float bits_to_float(uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline uint32_t float_to_bits(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

// e^x, relative error below 2e-7 for x from -87 to 88; the minimax polynomial is Cephes' expf.
inline float exponential(float x) {
    x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
    const float n = __builtin_floorf(x * 1.44269504088896341f + 0.5f);
    x = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * x + 1.3981999507e-3f;
    p = p * x + 8.3334519073e-3f;
    p = p * x + 4.1665795894e-2f;
    p = p * x + 1.6666665459e-1f;
    p = p * x + 5.0000001201e-1f;
    p = p * x * x + x + 1.0f;
    return p * bits_to_float(static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23);
}

// Natural logarithm of a normal positive number; the polynomial is Cephes' logf.
inline float logarithm(float x) {
    const uint32_t bits = float_to_bits(x);
    int32_t exponent = static_cast<int32_t>(bits >> 23) - 126;
    float m = bits_to_float((bits & 0x007FFFFFu) | 0x3F000000u);  // 0.5 to 1
    const bool low = m < 0.707106781186547524f;
    exponent -= low ? 1 : 0;
    m = low ? m + m - 1.0f : m - 1.0f;
    float p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    const float square = m * m;
    const float e = static_cast<float>(exponent);
    return m + (p * m * square + e * -2.12194440e-4f - 0.5f * square) + e * 0.693359375f;
}

// Phi(x), the normal distribution: Abramowitz and Stegun 7.1.26, absolute error below 1e-7.
inline float normal_distribution(float x, float density_factor) {
    const float z = __builtin_fabsf(x) * 0.70710678118654752f;
    const float t = 1.0f / (1.0f + 0.3275911f * z);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const float tail = 0.5f * p * t * density_factor;
    return x < 0.0f ? tail : 1.0f - tail;
}

// In place: x Phi(x).
inline void gelu(float* values, int count) {
    for (int i = 0; i < count; ++i) {
        const float x = values[i];
        values[i] = x * normal_distribution(x, exponential(-0.5f * x * x));
    }
}

// gradient *= d/dx (x Phi(x)) at the layer's input.
inline void gelu_backward(const float* inputs, float* gradient, int count) {
    for (int i = 0; i < count; ++i) {
        const float x = inputs[i];
        const float factor = exponential(-0.5f * x * x);
        gradient[i] *= normal_distribution(x, factor) + x * factor * 0.39894228040143268f;
    }
}

}  // namespace
}  // namespace ijscc

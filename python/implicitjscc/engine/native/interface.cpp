// SPDX-License-Identifier: GPL-3.0-or-later
// The C interface that engine/native.py loads: picks the processor's instruction set, checks sizes.
#include <memory>
#include <new>

#include "pool.hpp"
#include "shape.hpp"

namespace ijscc {

#if defined(__x86_64__)
extern const Kernels kernels_avx512;
extern const Kernels kernels_avx2;
#endif
extern const Kernels kernels_baseline;

namespace {

constexpr int kMostThreads = 64;

const Kernels* const kAll[] = {
#if defined(__x86_64__)
    &kernels_avx512,
    &kernels_avx2,
#endif
    &kernels_baseline,
};

bool runs_here(const Kernels& kernels) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (&kernels == &kernels_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    if (&kernels == &kernels_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return true;
}

bool in_bounds(const Shape& s) {
    if (s.height < 1 || s.width < 1 || s.height > (1 << 24) || s.width > (1 << 26)) return false;
    if (static_cast<int64_t>(s.height) * s.width > (INT64_C(1) << 26)) return false;
    if (s.channels < 1 || s.channels > kMaximumChannels || s.hidden < 1 || s.hidden > 64)
        return false;
    if (s.levels < 1 || s.levels > kMaximumLevels) return false;
    if ((s.kernel_rows != 8 || s.residual_rows != 3) &&
        (s.kernel_rows != 1 || s.residual_rows != 1 || s.height != 1))
        return false;
    for (int k = 0; k < s.levels; ++k)
        if (s.maps[k] < 0 || s.maps[k] > 15) return false;
    return s.maps[s.levels - 1] > 0;
}

struct Engine {
    Pool pool;
    const Kernels* kernels;
    void* model = nullptr;

    Engine(int threads, const Kernels* chosen) : pool(threads), kernels(chosen) {}
    ~Engine() {
        if (model) kernels->destroy(model);
    }
};

}  // namespace
}  // namespace ijscc

#define IJSCC_EXPORT extern "C" __attribute__((visibility("default")))

using ijscc::Engine;

// The sources' fingerprint: a library of another version is not used.
IJSCC_EXPORT const char* ijscc_fingerprint() { return IJSCC_FINGERPRINT; }

// Name of the index-th instruction set that runs here, fastest first; null behind the last.
IJSCC_EXPORT const char* ijscc_instruction_set(int index) {
    for (const ijscc::Kernels* kernels : ijscc::kAll)
        if (ijscc::runs_here(*kernels) && index-- == 0) return kernels->name;
    return nullptr;
}

// Null if the shape is out of bounds or there is not enough memory.
IJSCC_EXPORT void* ijscc_create(const ijscc::Shape* shape, int threads, int instruction_set) {
    const ijscc::Kernels* chosen = nullptr;
    for (const ijscc::Kernels* kernels : ijscc::kAll)
        if (ijscc::runs_here(*kernels) && instruction_set-- == 0) chosen = kernels;
    if (!chosen || !ijscc::in_bounds(*shape) || threads < 1 || threads > ijscc::kMostThreads)
        return nullptr;
    try {
        auto engine = std::make_unique<Engine>(threads, chosen);
        engine->model = chosen->create(*shape, engine->pool);
        return engine->model ? engine.release() : nullptr;
    } catch (...) {  // no thread or no memory to be had
        return nullptr;
    }
}

IJSCC_EXPORT void ijscc_destroy(void* handle) { delete static_cast<Engine*>(handle); }

IJSCC_EXPORT int ijscc_prepare_training(void* handle, const float* source) {
    auto* engine = static_cast<Engine*>(handle);
    return engine->kernels->prepare_training(engine->model, source);
}

IJSCC_EXPORT int ijscc_set_noise_matrix(void* handle, const float* pyramid) {
    auto* engine = static_cast<Engine*>(handle);
    return engine->kernels->set_noise_matrix(engine->model, pyramid);
}

// A negative filtered_variance leaves the filter out.
IJSCC_EXPORT void ijscc_decode(void* handle, const float* received, const float* parameters,
                               float variance, float filtered_variance, int filter_side,
                               float* out) {
    auto* engine = static_cast<Engine*>(handle);
    engine->kernels->decode(engine->model, received, parameters, variance, filtered_variance,
                            filter_side, out);
}

IJSCC_EXPORT double ijscc_gradient(void* handle, const float* received, const float* parameters,
                                   float* received_gradient, float* parameter_gradient) {
    auto* engine = static_cast<Engine*>(handle);
    return engine->kernels->gradient(engine->model, received, parameters, received_gradient,
                                     parameter_gradient);
}

IJSCC_EXPORT double ijscc_step(void* handle, const ijscc::StepSettings* settings, float* symbols,
                               float* first, float* second, const float* parameters,
                               float* parameter_gradient) {
    auto* engine = static_cast<Engine*>(handle);
    return engine->kernels->step(engine->model, *settings, symbols, first, second, parameters,
                                 parameter_gradient);
}

// The noise that a step with this key adds, before its standard deviation.
IJSCC_EXPORT void ijscc_normals(void* handle, uint64_t key, int64_t count, float* out) {
    static_cast<Engine*>(handle)->kernels->normals(key, count, out);
}

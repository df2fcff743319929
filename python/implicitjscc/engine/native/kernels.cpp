// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled once for every instruction set, with IJSCC_LANES and IJSCC_TABLE set.
#include "model.hpp"

namespace ijscc {
namespace {

Model& model(void* handle) { return *static_cast<Model*>(handle); }

void* create(const Shape& shape, Pool& pool) {
    Model* made = new (std::nothrow) Model(shape, pool);
    if (made && !made->allocate()) {
        delete made;
        made = nullptr;
    }
    return made;
}

void destroy(void* handle) { delete static_cast<Model*>(handle); }

bool prepare_training(void* handle, const float* source) {
    return model(handle).prepare_training(source);
}

bool set_noise_matrix(void* handle, const float* pyramid) {
    return model(handle).set_noise_matrix(pyramid);
}

void decode(void* handle, const float* received, const float* parameters, float variance,
            float filtered_variance, int filter_side, float* out) {
    model(handle).decode(received, parameters, variance, filtered_variance, filter_side, out);
}

double gradient(void* handle, const float* received, const float* parameters,
                float* received_gradient, float* parameter_gradient) {
    return model(handle).gradient(received, parameters, received_gradient, parameter_gradient);
}

double step(void* handle, const StepSettings& settings, float* symbols, float* first,
            float* second, const float* parameters, float* parameter_gradient) {
    return model(handle).step(settings, symbols, first, second, parameters, parameter_gradient);
}

void normals(uint64_t key, int64_t count, float* out) {
    float block[kNormalsInBlock];
    for (int64_t at = 0; at < count; at += kNormalsInBlock) {
        normal_block(key, static_cast<uint32_t>(at / kNormalsInBlock), block);
        const int64_t left = count - at;
        std::memcpy(out + at, block,
                    sizeof(float) * (left < kNormalsInBlock ? left : kNormalsInBlock));
    }
}

}  // namespace

extern const Kernels IJSCC_TABLE;
const Kernels IJSCC_TABLE = {
    IJSCC_NAME, create,   destroy, prepare_training, set_noise_matrix,
    decode,     gradient, step,    normals,
};

}  // namespace ijscc

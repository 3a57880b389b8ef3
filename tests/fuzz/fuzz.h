/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TESTS_FUZZ_FUZZ_H
#define I2KIT_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer and replay.c call. Aborts (or trips a sanitizer) on a fault; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif

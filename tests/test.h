/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TESTS_TEST_H
#define I2KIT_TESTS_TEST_H

/* cmocka wants these in this order. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#endif

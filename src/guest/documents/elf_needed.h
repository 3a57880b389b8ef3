/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_DOCUMENTS_ELF_NEEDED_H
#define I2KIT_GUEST_DOCUMENTS_ELF_NEEDED_H

#include <stddef.h>
#include <stdint.h>

#include "base/string_list.h"

/*
 * What a program needs to begin: of an ELF file for x86-64 (ELF-64, "Tool Interface Standard") its
 * interpreter, as a path, and the libraries it names; of a script its interpreter. What cannot be
 * made sense of adds nothing: the bytes are an image's, and it is a hint.
 */
void elf_needed_add(const uint8_t *bytes, size_t size, struct string_list *ret);

#endif

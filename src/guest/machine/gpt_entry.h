/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_GPT_ENTRY_H
#define I2KIT_GUEST_MACHINE_GPT_ENTRY_H

#include <stdbool.h>

/* Whether the GPT entry of a partition ("vda3") has this unique GUID, as text. */
bool gpt_partition_has_uuid(const char *partition, const char *uuid);

#endif

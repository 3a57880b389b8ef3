/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_YAML_PAIRS_H
#define I2KIT_MANIFEST_YAML_PAIRS_H

/* A map while it is being read: duplicate keys and merge keys. */

#include "manifest/load.h"
#include "manifest/yaml_reader.h"

enum { YAML_MERGE_MAX = 250 };

struct yaml_pairs {
	struct yaml_pair *items; /* owned */
	size_t count;
};
void yaml_pairs_clear(struct yaml_pairs *pairs);

/* Reports each key that was written twice, and keeps the first, so that no reader meets two. */
void yaml_pairs_drop_doubles(struct yaml_pairs *pairs, const char *file,
			     struct problem_list *problems);
/* What `<<` adds: the keys that are not there yet. False past YAML_MERGE_MAX keys. */
bool yaml_pairs_merge(struct yaml_pairs *pairs, const struct yaml_pair *merge, const char *file,
		      struct problem_list *problems);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What Docker limits in a container beside its memory and its processors, and what starts it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/compose/service_parts.h"
#include "manifest/compose/units.h"
#include "manifest/read_value.h"

static struct container_limits *limits_of(void *target)
{
	return &((struct compose_service *)target)->container.limits;
}

/* A whole number from `least` to `most`, written as a number or as a text. */
static bool read_whole(struct loader *loader, const struct yaml_node *node, int64_t least,
		       int64_t most, int64_t *ret)
{
	double value = 0;
	if (compose_number(node, &value) && value >= (double)least && value <= (double)most &&
	    value == (double)(int64_t)value) {
		*ret = (int64_t)value;
		return true;
	}
	AUTO_FREE char *hint =
		xasprintf("a number from %lld to %lld", (long long)least, (long long)most);
	loader_error(loader, node, hint, "%s: '%.40s' is none", loader->current->name,
		     node->kind == YAML_SCALAR ? node->text : "");
	return false;
}

/* -1 and 0 are "without end": then it has its share of the VM's. */
void compose_read_pids(struct loader *loader, const struct yaml_node *node, void *target)
{
	int64_t count = 0;
	if (read_whole(loader, node, -1, INT32_MAX, &count))
		limits_of(target)->tasks = count > 0 ? (uint64_t)count : 0;
}

void compose_read_cpu_shares(struct loader *loader, const struct yaml_node *node, void *target)
{
	enum { LEAST = 2, MOST = 262144 }; /* the kernel's */
	int64_t shares = 0;
	if (!read_whole(loader, node, 0, INT32_MAX, &shares) || shares == 0)
		return;
	shares = shares < LEAST ? LEAST : shares > MOST ? MOST : shares;
	limits_of(target)->cpu_shares = (uint64_t)shares;
}

void compose_read_oom_score(struct loader *loader, const struct yaml_node *node, void *target)
{
	enum { MOST = 1000 };
	int64_t score = 0;
	if (read_whole(loader, node, -MOST, MOST, &score))
		limits_of(target)->oom_score_adjustment = (int)score;
}

void compose_read_init(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bool(loader, node, &limits_of(target)->has_init);
}

static bool find_rlimit(const char *name, unsigned *ret)
{
	for (unsigned i = 0; i < RLIMIT_NAMES; i++) {
		if (strcasecmp(rlimit_words[i], name) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool has_rlimit(const struct container_limits *limits, unsigned kind)
{
	for (size_t i = 0; i < limits->rlimit_count; i++) {
		if (limits->rlimits[i].kind == kind)
			return true;
	}
	return false;
}

static bool read_limit(struct loader *loader, const struct yaml_node *node, uint64_t *ret)
{
	const int64_t most = INT64_C(1) << 53; /* what is exact in all readers of JSON */
	int64_t limit = 0;
	if (!read_whole(loader, node, -1, most, &limit))
		return false;
	*ret = limit < 0 ? RLIMIT_NONE : (uint64_t)limit;
	return true;
}

static void add_rlimit(struct loader *loader, const struct yaml_node *key,
		       const struct yaml_node *value, struct container_limits *limits)
{
	struct rlimit_entry limit = {0};
	const bool is_map = value->kind == YAML_MAP;
	const struct yaml_node *soft = is_map ? yaml_get(value, "soft") : value;
	const struct yaml_node *hard = is_map ? yaml_get(value, "hard") : value;

	if (!find_rlimit(key->text, &limit.kind)) {
		loader_error(loader, key, "nofile, nproc, memlock, stack, core …",
			     "ulimits: there is no limit '%.40s'", key->text);
		return;
	}
	if (has_rlimit(limits, limit.kind)) {
		loader_error(loader, key, "keep one of them",
			     "ulimits: %.40s is there twice, in large and small letters",
			     key->text);
		return;
	}
	if (soft == NULL || hard == NULL) {
		loader_error(loader, value, "nofile: {soft: 1024, hard: 4096}",
			     "ulimits: %.40s has soft and hard", key->text);
		return;
	}
	if (!read_limit(loader, soft, &limit.soft) || !read_limit(loader, hard, &limit.hard))
		return;
	if (limit.soft > limit.hard) {
		loader_error(loader, value, "soft: at most what hard is",
			     "ulimits: %.40s is softer than it is hard", key->text);
		return;
	}
	*ARRAY_APPEND(limits->rlimits, limits->rlimit_count) = limit;
}

void compose_read_ulimits(struct loader *loader, const struct yaml_node *node, void *target)
{
	for (size_t i = 0; i < node->pair_count; i++)
		add_rlimit(loader, node->pairs[i].key, node->pairs[i].value, limits_of(target));
}

static void read_storage_size(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct resources *resources = &((struct compose_service *)target)->container.resources;
	if (!compose_bytes(node, &resources->ephemeral_limit_bytes))
		loader_error(loader, node, "size: 10g",
			     "storage_opt: '%.40s' is no number of bytes",
			     node->kind == YAML_SCALAR ? node->text : "");
	resources->has_ephemeral_limit = true;
}

static const struct field storage_list[] = {{"size", FIELD_USED, read_storage_size, 0, NULL,
					     "a scratch disk of the pod, at least so large",
					     .takes = "bytes"}};
const struct field_set compose_storage_fields = {"storage_opt", storage_list,
						 ARRAY_SIZE(storage_list), .is_open = true};

void compose_read_storage(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &compose_storage_fields, target);
}

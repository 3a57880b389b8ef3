/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/vm_identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/sha256.h"

void vm_uuid_make(const char *project_id, const char *instance, char out[UUID_SIZE])
{
	AUTO_FREE char *seed = xasprintf("i2kit instance\n%s\n%s", project_id, instance);
	struct digest digest = sha256_digest(seed, strlen(seed));

	digest_uuid(&digest, out);
}

void vm_mac_make(const char *uuid, char out[MAC_SIZE])
{
	static const char prefix[] = "52:54:00:";

	memcpy(out, prefix, sizeof(prefix));
	for (size_t i = 0; i < 3; i++) {
		out[9 + i * 3] = uuid[i * 2];
		out[10 + i * 3] = uuid[i * 2 + 1];
		out[11 + i * 3] = i < 2 ? ':' : '\0';
	}
}

void vm_serial_make(const char *name, char out[SERIAL_SIZE])
{
	struct digest digest = sha256_digest(name, strlen(name));

	(void)snprintf(out, SERIAL_SIZE, "%s", DIGEST_HEX(&digest));
}

/* The five entities that strbuf_append_xml() and libxml2 write. */
static char *unescape(const char *text, size_t size)
{
	static const struct {
		const char *name;
		char c;
	} entities[] = {
		{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	for (size_t at = 0; at < size;) {
		size_t step = 1;
		char c = text[at];
		for (size_t i = 0; c == '&' && i < ARRAY_SIZE(entities); i++) {
			size_t width = strlen(entities[i].name);
			if (width <= size - at && memcmp(text + at, entities[i].name, width) == 0) {
				c = entities[i].c;
				step = width;
			}
			if (step > 1)
				break;
		}
		strbuf_append_char(&out, c);
		at += step;
	}
	return strbuf_take(&out);
}

/* The value of ` name="…"` (or '…') in the element; owned, or NULL. */
static char *find_attribute(const char *xml, const char *name)
{
	size_t width = strlen(name);

	for (const char *at = strchr(xml, ' '); at != NULL; at = strchr(at + 1, ' ')) {
		char quote;
		const char *end;
		if (strncmp(at + 1, name, width) != 0 || at[1 + width] != '=')
			continue;
		quote = at[2 + width];
		if (quote != '"' && quote != '\'')
			continue;
		end = strchr(at + 3 + width, quote);
		if (end == NULL)
			return NULL;
		return unescape(at + 3 + width, (size_t)(end - (at + 3 + width)));
	}
	return NULL;
}

static uint64_t find_number(const char *xml, const char *name)
{
	AUTO_FREE char *text = find_attribute(xml, name);
	uint64_t value = 0;

	if (text == NULL || !parse_u64(text, 0, INT64_MAX, &value))
		return 0;
	return value;
}

static struct digest find_digest(const char *xml, const char *name)
{
	AUTO_FREE char *text = find_attribute(xml, name);
	struct digest digest = {0};

	(void)!digest_parse(text, &digest);
	return digest;
}

static void put_attribute(struct strbuf *out, const char *name, const char *value)
{
	strbuf_appendf(out, " %s=\"", name);
	strbuf_append_xml(out, value);
	strbuf_append_char(out, '"');
}

void vm_identity_write(const struct vm_plan *plan, int64_t created_ns, struct strbuf *out)
{
	strbuf_append(out, "<i2kit:instance xmlns:i2kit=\"" VM_METADATA_URI "\"");
	put_attribute(out, "project", plan->project);
	strbuf_appendf(out, " owner=\"%u\"", plan->owner_uid);
	put_attribute(out, "id", plan->project_id);
	put_attribute(out, "folder", plan->project_folder);
	put_attribute(out, "pod", plan->pod);
	put_attribute(out, "name", plan->instance);
	strbuf_appendf(out, " replica=\"%u\" grace=\"%u\"", plan->replica, plan->grace_s);
	if (plan->address != NULL)
		put_attribute(out, "address", plan->address);
	put_attribute(out, "image", DIGEST_TEXT(&plan->release.image));
	put_attribute(out, "config", DIGEST_TEXT(&plan->release.config));
	put_attribute(out, "accelerator", plan->is_kvm ? "kvm" : "tcg");
	put_attribute(out, "firmware", vm_firmware_name(plan->firmware));
	put_attribute(out, "agent", plan->agent_socket);
	if (plan->egress != NULL)
		put_attribute(out, "egress", plan->egress);
	strbuf_appendf(out, " memory=\"%llu\" scratch=\"%llu\" cpus=\"%u\"",
		       (unsigned long long)plan->memory_bytes,
		       (unsigned long long)plan->scratch_bytes, plan->cpu_count);
	if (plan->is_warm)
		strbuf_append(out, " warm=\"1\"");
	if (plan->maps_memory)
		strbuf_append(out, " mapped=\"1\"");
	strbuf_appendf(out, " dirty=\"%d\" created=\"%lld\"/>", plan->is_dirty,
		       (long long)created_ns);
}

bool vm_identity_parse(const char *xml, struct vm_identity *ret)
{
	AUTO(vm_identity_clear) struct vm_identity found = {0};
	AUTO_FREE char *accelerator = find_attribute(xml, "accelerator");
	AUTO_FREE char *firmware = find_attribute(xml, "firmware");

	found.project = find_attribute(xml, "project");
	found.project_id = find_attribute(xml, "id");
	found.project_folder = find_attribute(xml, "folder");
	found.owner_uid = (unsigned)find_number(xml, "owner");
	found.pod = find_attribute(xml, "pod");
	found.instance = find_attribute(xml, "name");
	found.replica = (unsigned)find_number(xml, "replica");
	found.grace_s = (unsigned)find_number(xml, "grace");
	found.address = find_attribute(xml, "address");
	found.release.image = find_digest(xml, "image");
	found.release.config = find_digest(xml, "config");
	found.agent_socket = find_attribute(xml, "agent");
	found.egress = find_attribute(xml, "egress");
	found.is_kvm = accelerator != NULL && strcmp(accelerator, "kvm") == 0;
	for (unsigned i = 0; firmware != NULL && i <= FIRMWARE_UEFI; i++) {
		if (strcmp(firmware, vm_firmware_name(i)) == 0)
			found.firmware = i;
	}
	found.is_warm = find_number(xml, "warm") != 0;
	found.maps_memory = find_number(xml, "mapped") != 0;
	found.is_dirty = find_number(xml, "dirty") != 0;
	found.created_ns = (int64_t)find_number(xml, "created");
	found.memory_bytes = find_number(xml, "memory");
	found.scratch_bytes = find_number(xml, "scratch");
	found.cpu_count = (unsigned)find_number(xml, "cpus");
	if (found.project == NULL || found.pod == NULL || found.instance == NULL ||
	    found.agent_socket == NULL)
		return false;
	*ret = found;
	found = (struct vm_identity){0};
	return true;
}

bool vm_identity_is_of(const struct vm_identity *identity, const char *project, unsigned owner_uid)
{
	AUTO_FREE char *sockets = path_folder(PATH_RUNTIME, "vm/");

	if (strcmp(identity->project, project) != 0)
		return false;
	return identity->project_id != NULL
		       ? identity->owner_uid == owner_uid
		       : strncmp(identity->agent_socket, sockets, strlen(sockets)) == 0;
}

void vm_identity_clear(struct vm_identity *identity)
{
	free(identity->project);
	free(identity->project_id);
	free(identity->project_folder);
	free(identity->pod);
	free(identity->instance);
	free(identity->address);
	free(identity->agent_socket);
	free(identity->egress);
	*identity = (struct vm_identity){0};
}

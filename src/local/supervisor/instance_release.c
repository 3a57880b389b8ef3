/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "local/supervisor/supervisor_parts.h"

/* The release document of doc/formats.md §4 for one instance. */

static void put_text(struct strbuf *out, const char *key, const char *value)
{
	strbuf_appendf(out, ",\"%s\":", key);
	strbuf_append_json(out, value);
}

static void put_network(const struct instance *instance, struct strbuf *out)
{
	const struct supervisor *supervisor = instance->supervisor;
	char mac[MAC_SIZE];

	vm_mac_make(instance->status.uuid, mac);
	strbuf_appendf(out, ",\"network\":{\"method\":\"static\",\"mac\":\"%s\"", mac);
	/* QEMU's user network is the same for every guest. */
	if (supervisor->is_session)
		strbuf_append(out, ",\"address\":\"10.0.2.15/24\",\"gateway\":\"10.0.2.2\","
				   "\"dns\":[\"10.0.2.3\"]");
	else
		strbuf_appendf(out,
			       ",\"address\":\"%s/24\",\"gateway\":\"10.77.%u.1\","
			       "\"dns\":[\"10.77.%u.1\"]",
			       instance->status.address, supervisor->network.subnet,
			       supervisor->network.subnet);
	strbuf_append(out, ",\"searches\":[\"default.svc.cluster.local\"]}");
}

static void put_pushed(const struct volume_plan *volume, struct strbuf *out)
{
	strbuf_append(out, ":{\"type\":\"pushed\"");
	if (volume->is_file)
		put_text(out, "file", strrchr(volume->host_path, '/') + 1);
	strbuf_append_char(out, '}');
}

static void put_volumes(const struct instance *instance, const struct pod_plan *pod,
			struct strbuf *out)
{
	strbuf_append(out, ",\"volumes\":{");
	for (size_t i = 0; i < pod->volume_count; i++) {
		const struct volume_plan *volume = &pod->volumes[i];
		char serial[SERIAL_SIZE];
		vm_serial_make(volume->name, serial);
		if (i > 0)
			strbuf_append_char(out, ',');
		strbuf_append_json(out, volume->name);
		if (volume->claim != NULL)
			strbuf_appendf(out, ":{\"type\":\"disk\",\"serial\":\"%s\"}", serial);
		else if (volume_plan_is_pushed(volume, instance->supervisor->is_session))
			put_pushed(volume, out);
		else
			strbuf_appendf(out, ":{\"type\":\"virtiofs\",\"tag\":\"%s\"}", serial);
	}
	strbuf_append_char(out, '}');
	if (pod->scratch_bytes > 0) {
		char serial[SERIAL_SIZE];
		vm_serial_make("/scratch", serial);
		strbuf_appendf(out, ",\"scratch\":{\"serial\":\"%s\"}", serial);
	}
}

static void put_list(struct strbuf *out, const char *key, char *json)
{
	AUTO_FREE char *owned = json;

	strbuf_appendf(out, ",\"%s\":%s", key, owned);
}

char *instance_release_make(const struct instance *instance, const struct pod_plan *pod)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	const struct instance_status *status = &instance->status;
	uint8_t entropy[32];

	strbuf_append(&out, "{\"i2kit\":{\"config\":");
	strbuf_append(&out, pod->config_json);
	strbuf_append(&out, ",\"instance\":{\"version\":1");
	put_text(&out, "project", instance->supervisor->project);
	put_text(&out, "pod", status->pod);
	put_text(&out, "instance", status->name);
	strbuf_appendf(&out, ",\"replica\":%u", status->replica);
	put_text(&out, "uid", status->uuid);
	put_text(&out, "imageDigest", status->image_digest);
	put_text(&out, "configDigest", status->config_digest);
	put_text(&out, "where", "local");
	put_network(instance, &out);
	put_list(&out, "hosts", services_hosts_json(instance->supervisor));
	put_list(&out, "proxies", services_proxies_json(instance->supervisor));
	put_list(&out, "serviceEnv", services_env_json(instance->supervisor));
	put_volumes(instance, pod, &out);
	strbuf_appendf(&out, ",\"timeNs\":%lld", (long long)clock_wall_ns());
	if (getrandom(entropy, sizeof(entropy), 0) == (ssize_t)sizeof(entropy)) {
		AUTO_FREE char *text = base64_encode(entropy, sizeof(entropy));
		put_text(&out, "entropy", text);
	}
	strbuf_append(&out, "}}}");
	return strbuf_take(&out);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/check_openstack.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "cloud/claims.h"
#include "cloud/openstack/image/disk_firmware.h"
#include "cloud/openstack/place/flavors.h"
#include "cloud/openstack/volume/cinder.h"
#include "cloud/pod_check.h"
#include "manifest/pod_need.h"

#define GUEST_MIB 96  /* what kernel and guest take themselves */
#define LEAST_MIB 128 /* that a pod starts with at all */
#define UEFI_MIB  256 /* the firmware itself needs as much */

/* --- pods ----------------------------------------------------------------------------------- */

static bool check_disks(const struct app *app, const struct pod_spec *pod, struct error *err)
{
	AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};

	cloud_claims_of_pod(app, pod, &claims);
	if (claims.count == 0 || pod->replicas <= 1)
		return true;
	error_set(err, ERROR_UNSUPPORTED,
		  "pod '%s': a volume belongs to one server, and there are %u replicas", pod->name,
		  pod->replicas);
	return error_hint(err, "replicas: 1");
}

bool openstack_check_app(const struct app *app, struct error *err)
{
	for (size_t i = 0; i < app->pod_count; i++)
		if (!cloud_pod_check(&app->pods[i], err) || !check_disks(app, &app->pods[i], err))
			return false;
	return cloud_claims_check(app, err);
}

/* --- flavors -------------------------------------------------------------------------------- */

struct size {
	uint64_t memory_mib;
	uint64_t processors;
	uint64_t disk_gib;
	bool needs_uefi;
};

static bool size_of(const struct pod_spec *pod, const struct cloud_release *release,
		    struct size *ret, struct error *err)
{
	struct pod_need need = pod_need_of(pod);
	struct disk_firmware firmware = {.has_bios = true};

	if (release->path != NULL && !disk_firmware_read(release->path, &firmware, err))
		return error_prefix(err, "pod '%s'", pod->name);
	*ret = (struct size){
		.memory_mib =
			need.memory_bytes == 0 ? LEAST_MIB : (need.memory_bytes >> 20) + GUEST_MIB,
		.processors = (need.cpu_millis + 999) / 1000,
		.disk_gib = cinder_gib(release->size_bytes),
	};
	ret->needs_uefi = !firmware.has_bios;
	if (ret->needs_uefi && ret->memory_mib < UEFI_MIB)
		ret->memory_mib = UEFI_MIB;
	return true;
}

static bool has_room(const struct openstack_flavor *flavor, const struct size *size)
{
	return flavor->disk_gib == 0 || flavor->disk_gib >= size->disk_gib;
}

/* The one that is named may be smaller than the limits: they are limits. The disk must fit. */
static bool check_named(const struct openstack_flavor *flavor, const struct pod_spec *pod,
			const struct size *size, struct error *err)
{
	if (!has_room(flavor, size)) {
		error_set(err, ERROR_UNSUPPORTED,
			  "pod '%s': flavor '%s' has a disk of %" PRIu64
			  " GiB, and the pod's image needs %" PRIu64,
			  pod->name, flavor->name, flavor->disk_gib, size->disk_gib);
		return error_hint(err, "openstack flavor list; instance_type: NAME");
	}
	if (flavor->memory_mib >= (size->needs_uefi ? UEFI_MIB : 1))
		return true;
	error_set(err, ERROR_UNSUPPORTED,
		  "pod '%s': its disk starts by UEFI alone, which needs %d MiB; flavor '%s' has "
		  "%" PRIu64,
		  pod->name, UEFI_MIB, flavor->name, flavor->memory_mib);
	return error_hint(err, "openstack flavor list; instance_type: NAME");
}

static bool none_fits(const struct pod_spec *pod, const struct size *size, struct error *err)
{
	error_set(err, ERROR_UNSUPPORTED,
		  "pod '%s': no flavor has %" PRIu64 " MiB of memory, %" PRIu64
		  " processors and a disk of %" PRIu64 " GiB",
		  pod->name, size->memory_mib, size->processors, size->disk_gib);
	return error_hint(err, "openstack flavor list; smaller limits, or instance_type: NAME");
}

bool openstack_check_flavor(const struct openstack_places *places, const struct pod_spec *pod,
			    const struct cloud_release *release,
			    const struct openstack_flavor **ret, struct error *err)
{
	struct size size = {0};

	if (!size_of(pod, release, &size, err) ||
	    !openstack_flavors_choose(places->flavors, places->flavor_count, pod->instance_type,
				      ret, err))
		return false;
	if (*ret == NULL)
		*ret = places->flavor;
	if (*ret != NULL)
		return check_named(*ret, pod, &size, err);
	for (size_t i = 0; i < places->flavor_count; i++) {
		const struct openstack_flavor *flavor = &places->flavors[i];
		if (flavor->memory_mib < size.memory_mib || flavor->processors < size.processors ||
		    !has_room(flavor, &size))
			continue;
		*ret = flavor;
		return true;
	}
	return none_fits(pod, &size, err);
}

/* --- quotas --------------------------------------------------------------------------------- */

static const struct openstack_flavor *flavor_of(const struct openstack_places *places,
						const char *id)
{
	for (size_t i = 0; i < places->flavor_count; i++)
		if (strcmp(places->flavors[i].id, id) == 0)
			return &places->flavors[i];
	return NULL;
}

/* How many servers more than now there are at once on the way. */
static uint64_t added_by(const struct wanted_pod *pod, const struct release_facts *facts)
{
	uint64_t there = 0;
	uint64_t fresh = 0;

	for (size_t i = 0; i < facts->server_count; i++) {
		there += strcmp(facts->servers[i].pod, pod->name) == 0;
		fresh += strcmp(facts->servers[i].pod, pod->name) == 0 &&
			 strcmp(facts->servers[i].key, pod->key) == 0;
	}
	uint64_t most = pod->replicas;
	if (there > fresh && !pod->is_old_first)
		most += pod->surge > 0 || pod->unavailable > 0 ? pod->surge : 1;
	return most > there ? most - there : 0;
}

static bool check_quota(const char *what, uint64_t used, uint64_t most, uint64_t added,
			struct error *err)
{
	if (added == 0 || most == UINT64_MAX || used + added <= most)
		return true;
	error_set(err, ERROR_FULL,
		  "the release needs %" PRIu64 " %s more, and %" PRIu64 " of %" PRIu64
		  " that the project's quota allows are taken",
		  added, what, used, most);
	return error_hint(err, "openstack quota show; a release starts new servers before it takes "
			       "the old ones away");
}

static bool check_volumes(struct openstack_client *client, const struct wanted *wanted,
			  const struct release_facts *facts, struct error *err)
{
	uint64_t count = 0;
	uint64_t gib = 0;
	struct cinder_limits limits;

	for (size_t i = 0; i < wanted->pod_count; i++)
		for (size_t c = 0; c < wanted->pods[i].claim_count; c++) {
			const struct wanted_claim *claim = &wanted->pods[i].claims[c];
			bool is_there = release_facts_volume(facts, claim->claim) != NULL;
			count += !is_there;
			gib += is_there ? 0 : cinder_gib(claim->size_bytes);
		}
	if (count == 0)
		return true;
	if (!openstack_client_has(client, &OPENSTACK_VOLUME, err)) {
		error_set(err, ERROR_UNSUPPORTED,
			  "the cloud has no Cinder, and claims need volumes");
		return error_hint(err, "another cloud, or pods without persistentVolumeClaims");
	}
	if (!cinder_limits_ask(client, &limits, err))
		return false;
	return check_quota("volumes", 0, limits.volumes_left, count, err) &&
	       check_quota("GiB of volumes", 0, limits.gib_left, gib, err);
}

bool openstack_check_quotas(struct openstack_client *client, const struct openstack_places *places,
			    const struct wanted *wanted, const struct release_facts *facts,
			    struct error *err)
{
	uint64_t servers = 0;
	uint64_t mib = 0;

	for (size_t i = 0; i < wanted->pod_count; i++) {
		const struct openstack_flavor *flavor = flavor_of(places, wanted->pods[i].flavor);
		uint64_t added = added_by(&wanted->pods[i], facts);
		servers += added;
		mib += flavor != NULL ? added * flavor->memory_mib : 0;
	}
	return check_quota("instances", places->instances_used, places->instances_most, servers,
			   err) &&
	       check_quota("MiB of memory", places->memory_used_mib, places->memory_most_mib, mib,
			   err) &&
	       check_volumes(client, wanted, facts, err);
}

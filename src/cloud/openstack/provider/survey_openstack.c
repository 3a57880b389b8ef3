/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/provider/survey_openstack.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "cloud/openstack/place/places.h"
#include "cloud/openstack/provider/provider_openstack.h"

static void say_flavor(const struct openstack_places *places, struct string_list *ret)
{
	const struct openstack_flavor *flavor = places->flavor;

	if (flavor == NULL)
		string_list_addf(ret, "%zu flavors, and provider.instance_type names none",
				 places->flavor_count);
	else
		string_list_addf(ret,
				 "flavor %s: %llu MiB of memory, %llu processors, %llu GiB of disk",
				 flavor->name, (unsigned long long)flavor->memory_mib,
				 (unsigned long long)flavor->processors,
				 (unsigned long long)flavor->disk_gib);
}

static void say_balancers(const struct openstack_places *places, struct string_list *ret)
{
	AUTO(strbuf_clear) struct strbuf names = STRBUF_INIT;

	for (size_t i = 0; i < places->balancers.count; i++)
		strbuf_appendf(&names, "%s%s", i > 0 ? ", " : "", places->balancers.items[i]);
	if (names.size > 0)
		string_list_addf(ret, "load balancers (Octavia) by %s", strbuf_text(&names));
	else
		string_list_add(ret, "no load balancers (Octavia)");
}

/* "instances: 2 of 10". Full is an error: a release adds before it takes away. */
static bool say_limit(const char *what, uint64_t used, uint64_t most, struct string_list *ret,
		      struct error *err)
{
	if (most == UINT64_MAX)
		string_list_addf(ret, "%s: %llu, without a limit", what, (unsigned long long)used);
	else
		string_list_addf(ret, "%s: %llu of %llu", what, (unsigned long long)used,
				 (unsigned long long)most);
	if (used < most)
		return true;
	error_set(err, ERROR_FULL, "the project has all the %s that its quota allows (%llu)", what,
		  (unsigned long long)most);
	return error_hint(err, "openstack quota show; a release starts new servers before it takes "
			       "the old ones away");
}

bool openstack_survey(struct cloud *cloud, const struct environment *environment,
		      struct string_list *ret, struct error *err)
{
	AUTO(openstack_places_clear) struct openstack_places places = {0};

	if (!openstack_places_find(provider_openstack_client(cloud), environment, &places, err))
		return false;
	string_list_addf(ret, "network %s", places.network.name);
	if (places.external.id != NULL)
		string_list_addf(ret, "floating addresses from %s", places.external.name);
	else
		string_list_add(ret, "no external network: nothing can be public");
	say_flavor(&places, ret);
	say_balancers(&places, ret);
	return say_limit("instances", places.instances_used, places.instances_most, ret, err) &&
	       say_limit("MiB of memory", places.memory_used_mib, places.memory_most_mib, ret, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/client/cloud_profile.h"

#include <string.h>

/* From openstack/config/vendors of openstacksdk 4.0; ovh from 0.101, which has it as data. */
static const char known[] =
	"auro: {auth: {auth_url: 'https://api.van2.auro.io:5000/v3', user_domain_name: Default,\n"
	"  project_domain_name: Default}, region_name: RegionOne}\n"
	"betacloud: {auth: {auth_url: 'https://api-1.betacloud.de:5000'}, regions: [betacloud-1]}\n"
	"binero: {auth: {auth_url: 'https://auth.binero.cloud:5000/v3'}, regions: [europe-se-1]}\n"
	"citycloud: {auth: {auth_url: 'https://{region_name}.citycloud.com:5000/v3/'},\n"
	"  regions: [Buf1, Fra1, Sto2, Kna1, dx1, tky1]}\n"
	"elastx: {auth: {auth_url: 'https://ops.elastx.cloud:5000/v3'}, region_name: se-sto}\n"
	"fuga: {auth: {auth_url: 'https://identity.api.fuga.io:5000', user_domain_name: Default,\n"
	"  project_domain_name: Default}, regions: [cystack]}\n"
	"limestonenetworks: {auth: {auth_url: 'https://auth.cloud.lstn.net:5000/v3'},\n"
	"  regions: [us-dfw-1, us-slc]}\n"
	"otc: {auth: {auth_url: 'https://iam.{region_name}.otc.t-systems.com/v3'},\n"
	"  regions: [eu-de, eu-nl], interface: public}\n"
	"ovh: {auth: {auth_url: 'https://auth.cloud.ovh.net/', user_domain_name: Default,\n"
	"  project_domain_name: Default}, regions: [BHS, BHS1, BHS3, BHS5, DE, DE1, GRA, GRA1, "
	"GRA5,\n"
	"  GRA7, SBG, SBG1, SBG5, UK, UK1, WAW, WAW1, SYD1, SGP1]}\n"
	"ovh-us: {auth: {auth_url: 'https://auth.cloud.ovh.us/', user_domain_name: Default,\n"
	"  project_domain_name: Default}, regions: [US-EAST-VA-1, US-WEST-OR-1, US-EAST-VA,\n"
	"  US-WEST-OR]}\n"
	"switchengines: {auth: {auth_url: 'https://keystone.cloud.switch.ch:5000/v3'},\n"
	"  regions: [LS, ZH]}\n"
	"zetta: {auth: {auth_url: 'https://identity.api.zetta.io/v3'}, regions: [no-osl1]}\n";

void cloud_profile_clear(struct cloud_profile *profile)
{
	clouds_file_clear(&profile->file);
	yaml_documents_clear(&profile->built_in);
	*profile = (struct cloud_profile){0};
}

bool cloud_profile_find(const char *name, struct cloud_profile *ret, struct error *err)
{
	if (!clouds_file_find("clouds-public", NULL, &ret->file, err))
		return false;
	ret->map = yaml_get(yaml_get(ret->file.root, "public-clouds"), name);
	if (ret->map != NULL)
		return true;
	if (!yaml_read(known, strlen(known), &ret->built_in, err))
		return false;
	ret->map = yaml_get(ret->built_in.roots[0], name);
	return true;
}

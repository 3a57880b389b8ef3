/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_RELEASE_RECORD_H
#define I2KIT_CLOUD_OPENSTACK_RELEASE_RECORD_H

/*
 * Records of releases as private images of Glance that hold a few KiB of JSON: every OpenStack has Glance,
 * and an application credential may use it. SCOPE-record-NUMBER, tagged "i2kit-record", protected once whole;
 * i2kit_project, i2kit_environment and i2kit_number of their properties say whose they are.
 *
 *	{"version":1,"timeNs":…,"note":"promote","sha256":"…","key":"…","signature":"…","release":{…}}
 *
 * sha256: of `release` as it stands there. The signature is over scope, number, time, digest and note: no
 * record takes another's place.
 */

#include "base/ed25519.h"
#include "cloud/provider.h"

/* What is signed, and what a record holds; pure. `release`: JSON. key NULL: nobody signs it. *ret owned. */
MUST_CHECK bool record_write(const struct cloud_scope *scope, unsigned number, const char *note,
			     const char *release, const struct ed25519_key *key, char **ret,
			     struct error *err);
/*
 * The other way. *ret_release: what `release` was written with; owned; or NULL where it is not asked for. Of
 * *ret all but the pods is filled in.
 */
MUST_CHECK bool record_read(const struct cloud_scope *scope, unsigned number, const char *text,
			    struct cloud_record *ret, char **ret_release, struct error *err);

#endif

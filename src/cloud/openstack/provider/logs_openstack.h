/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_LOGS_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_LOGS_OPENSTACK_H

/*
 * logs of provider.h. OpenStack has no place for what containers write that a server could reach without
 * being somebody in the cloud. What it keeps is the end of each server's console: what the kernel and i2kit
 * say there, as stream POD/.console/INSTANCE, without times: all lines have that of the look.
 */

#include "cloud/provider.h"

/* The lines of a console, as those of the stream. False: fn wants no more. Pure. */
bool openstack_console_lines(const char *text, const char *stream, int64_t time_ns,
			     cloud_log_fn *fn, void *arg);

MUST_CHECK bool openstack_logs(struct cloud *cloud, const struct cloud_scope *scope,
			       const struct cloud_line_range *range, cloud_log_fn *fn, void *arg,
			       struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_template.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cloud/aws/stack/stack_check.h"
#include "cloud/aws/stack/stack_network.h"
#include "cloud/aws/stack/stack_place.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_pod.h"
#include "cloud/aws/stack/stack_route.h"
#include "cloud/aws/stack/stack_service.h"
#include "cloud/aws/stack/template_writer.h"
#include "manifest/app.h"

#define MAX_USER_DATA 16384 /* before base64, EC2's limit */

static const struct stack_release *find_release(const struct stack_release *releases, size_t count,
						const char *pod)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(releases[i].pod, pod) == 0)
			return &releases[i];
	return NULL;
}

static bool check_release(const struct stack_release *release, const char *pod, struct error *err)
{
	if (release == NULL)
		return error_set(err, ERROR_INVALID, "pod '%s' has no release", pod);
	if (strlen(release->user_data) > MAX_USER_DATA)
		return error_set(err, ERROR_FULL, "pod '%s': user data is %zu bytes, 16384 at most",
				 pod, strlen(release->user_data));
	return true;
}

static bool add_pods(struct template_writer *writer, const struct stack_release *releases,
		     size_t count, struct error *err)
{
	for (size_t i = 0; i < writer->app->pod_count; i++) {
		const struct pod_spec *pod = &writer->app->pods[i];
		const struct stack_release *release = find_release(releases, count, pod->name);
		if (!check_release(release, pod->name, err) ||
		    !stack_add_pod(writer, pod, release, err))
			return false;
	}
	return true;
}

static void writer_clear(struct template_writer *writer)
{
	stack_places_free(writer->places, writer->app->service_count);
	strbuf_clear(&writer->resources);
	strbuf_clear(&writer->outputs);
	strbuf_clear(&writer->parameters);
}

/* A value of the manifests that CloudFormation would replace by something of the account's. */
static bool check_references(const struct template_writer *writer, struct error *err)
{
	const char *found = strstr(strbuf_text(&writer->resources), "{{resolve:");
	if (found == NULL)
		return true;
	error_set(err, ERROR_DENIED,
		  "the template would have '%.40s…' in it, which CloudFormation "
		  "resolves",
		  found);
	return error_hint(err, "take it out of the manifests or of environment.yml");
}

static char *join(const struct template_writer *writer)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_ASCII);
	AUTO_FREE char *what = xasprintf("i2kit project %s", writer->target->project);
	AUTO_FREE char *parameters = xasprintf("{%s}", strbuf_text(&writer->parameters));
	AUTO_FREE char *outputs = xasprintf("{%s}", strbuf_text(&writer->outputs));
	json_open_object(&json, NULL);
	json_write_text(&json, "AWSTemplateFormatVersion", "2010-09-09");
	json_write_text(&json, "Description", what);
	if (writer->parameters.size > 0)
		json_write_raw(&json, "Parameters", parameters);
	json_write_raw(&json, "Resources", strbuf_text(&writer->resources));
	json_write_raw(&json, "Outputs", outputs);
	json_close(&json);
	return strbuf_take(&out);
}

bool stack_template_make(const struct app *app, const struct stack_target *target,
			 const struct stack_release *releases, size_t count, char **ret,
			 struct error *err)
{
	AUTO(writer_clear)
	struct template_writer writer = {.app = app,
					 .target = target,
					 .resources = STRBUF_MAX(STACK_TEMPLATE_MAX),
					 .outputs = STRBUF_MAX(STACK_TEMPLATE_MAX),
					 .parameters = STRBUF_MAX(STACK_TEMPLATE_MAX)};
	writer.json = JSON_WRITER(&writer.resources, JSON_ASCII);
	if (!stack_check_app(app, target, err) ||
	    !stack_places_make(app, target, &writer.places, err))
		return false;
	json_open_object(&writer.json, NULL);
	stack_add_network(&writer);
	for (size_t i = 0; i < app->service_count; i++)
		if (!stack_add_service(&writer, &app->services[i], err))
			return false;
	if (!stack_add_routes(&writer, err) || !add_pods(&writer, releases, count, err))
		return false;
	json_close(&writer.json);
	if (writer.resources.is_cut || writer.outputs.is_cut || writer.parameters.is_cut) {
		error_set(err, ERROR_FULL, "the template would be larger than 1 MiB");
		return error_hint(err, "promote the pods as two projects");
	}
	if (!check_references(&writer, err))
		return false;
	*ret = join(&writer);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/parse.h"
#include "cloud/aws/client/xml.h"
#include "cloud/aws/disk/ami.h"
#include "cloud/aws/provider/aws_cloud.h"
#include "cloud/aws/stack/stack.h"

#define MAX_PAGES 200

/* --- instances ------------------------------------------------------------------------------ */

static const char *tag_of(const struct xml *instance, const char *key)
{
	const struct xml *set = xml_find(instance, "tagSet");
	for (const struct xml *tag = set != NULL ? set->first : NULL; tag != NULL;
	     tag = tag->next) {
		const char *name = xml_text(tag, "key");
		if (name != NULL && strcmp(name, key) == 0)
			return xml_text(tag, "value");
	}
	return NULL;
}

static void read_instance(const struct xml *item, struct cloud_status *out)
{
	const char *id = xml_text(item, "instanceId");
	const char *state = xml_text(item, "instanceState/name");
	const char *pod = tag_of(item, "i2kit:pod");
	const char *image = xml_text(item, "imageId");
	const char *launched = xml_text(item, "launchTime");
	if (id == NULL || state == NULL || pod == NULL || strcmp(state, "terminated") == 0)
		return;
	struct cloud_instance *instance = ARRAY_APPEND(out->instances, out->instance_count);
	instance->id = xstrdup(id);
	instance->state = xstrdup(state);
	instance->pod = xstrdup(pod);
	instance->image = xstrdup(image != NULL ? image : "");
	instance->image_digest = xstrdup_or_null(tag_of(item, "i2kit:image-sha256"));
	instance->address = xstrdup_or_null(xml_text(item, "privateIpAddress"));
	if (launched != NULL)
		(void)!parse_rfc3339_ns(launched, &instance->launched_ns);
}

static bool list_instances(struct cloud *cloud, const char *project, struct cloud_status *out,
			   struct error *err)
{
	AUTO_FREE char *next = NULL;
	for (unsigned page = 0; page < MAX_PAGES; page++) {
		AUTO(aws_query_clear) struct aws_query query;
		aws_query_init(&query, &AWS_EC2, "DescribeInstances");
		aws_query_add_filter(&query, 1, "tag:i2kit:project", project);
		aws_query_add(&query, "NextToken", next);
		AUTO_PTR(xml) struct xml *root = aws_client_query(cloud->client, &query, NULL, err);
		if (root == NULL)
			return false;
		const struct xml *set = xml_find(root, "reservationSet");
		for (const struct xml *r = set != NULL ? set->first : NULL; r != NULL;
		     r = r->next) {
			const struct xml *inner = xml_find(r, "instancesSet");
			for (const struct xml *i = inner != NULL ? inner->first : NULL; i != NULL;
			     i = i->next)
				read_instance(i, out);
		}
		const char *token = xml_text(root, "nextToken");
		free(next);
		next = xstrdup_or_null(token != NULL && token[0] != '\0' ? token : NULL);
		if (next == NULL)
			return true;
	}
	return error_set(err, ERROR_INVALID, "DescribeInstances does not come to an end");
}

/* "WebAddress" → "web" would need the reverse of a logical id; the id itself is told. */
static void read_addresses(const struct stack_status *stack, struct cloud_status *out)
{
	static const char end[] = "Address";
	for (size_t i = 0; i < stack->output_count; i++) {
		const char *key = stack->outputs[i].key;
		size_t size = strlen(key);
		if (size <= strlen(end) || strcmp(key + size - strlen(end), end) != 0)
			continue;
		struct key_value *pair = ARRAY_APPEND(out->addresses, out->address_count);
		pair->key = xstrndup(key, size - strlen(end));
		pair->value = xstrdup(stack->outputs[i].value);
	}
}

/* --- logs ----------------------------------------------------------------------------------- */

static json_t *logs_body(const char *stack, const char *pod, int64_t since_ns, const char *next,
			 const char *pattern)
{
	AUTO_FREE char *group = xasprintf("/i2kit/%s", stack);
	AUTO_FREE char *prefix = pod != NULL ? xasprintf("%s/", pod) : NULL;
	json_t *body = json_pack("{s:s, s:I, s:i}", "logGroupName", group, "startTime",
				 (json_int_t)(since_ns / 1000000), "limit", 1000);
	if (prefix != NULL)
		json_object_set_new(body, "logStreamNamePrefix", json_string(prefix));
	if (next != NULL)
		json_object_set_new(body, "nextToken", json_string(next));
	if (pattern != NULL)
		json_object_set_new(body, "filterPattern", json_string(pattern));
	return body;
}

/* False when fn wants no more. */
static bool give_lines(const json_t *events, cloud_log_fn *fn, void *arg)
{
	for (size_t i = 0; i < json_array_size(events); i++) {
		const json_t *event = json_array_get(events, i);
		const char *stream = json_string_value(json_object_get(event, "logStreamName"));
		const char *text = json_string_value(json_object_get(event, "message"));
		json_int_t time_ms = json_integer_value(json_object_get(event, "timestamp"));
		if (stream != NULL && text != NULL &&
		    !fn((int64_t)time_ms * 1000000, stream, text, arg))
			return false;
	}
	return true;
}

static bool read_logs(struct cloud *cloud, const char *stack, const char *pod, int64_t since_ns,
		      const char *pattern, cloud_log_fn *fn, void *arg, struct error *err)
{
	AUTO_FREE char *next = NULL;
	bool is_wanted = true;
	for (unsigned page = 0; page < MAX_PAGES && is_wanted; page++) {
		json_t *body = logs_body(stack, pod, since_ns, next, pattern);
		AUTO_FREE char *text = json_dumps(body, JSON_COMPACT);
		json_decref(body);
		struct aws_call call = {.service = &AWS_LOGS,
					.action = "FilterLogEvents",
					.body = text,
					.body_size = strlen(text)};
		AUTO(aws_answer_clear) struct aws_answer answer = {0};
		if (!aws_client_call(cloud->client, &call, &answer, err))
			return false;
		json_t *root = json_loadb(answer.body != NULL ? answer.body : "", answer.body_size,
					  0, NULL);
		is_wanted = give_lines(json_object_get(root, "events"), fn, arg);
		const char *token = json_string_value(json_object_get(root, "nextToken"));
		free(next);
		next = xstrdup_or_null(token);
		json_decref(root);
		if (next == NULL)
			return true;
	}
	return true;
}

bool aws_logs(struct cloud *cloud, const char *stack, const char *pod, int64_t since_ns,
	      cloud_log_fn *fn, void *arg, struct error *err)
{
	return read_logs(cloud, stack, pod, since_ns, NULL, fn, arg, err);
}

/* "web/.booted/i-0123" "i2kit: booted sha256:…": a stream that no container's lines go to. */
static bool take_booted(int64_t time_ns, const char *stream, const char *text, void *arg)
{
	struct cloud_status *status = arg;
	static const char start[] = "i2kit: booted ";
	const char *id = strstr(stream, "/.booted/");
	(void)time_ns;
	if (id == NULL || strncmp(text, start, strlen(start)) != 0 ||
	    !digest_is_valid(text + strlen(start)))
		return true;
	for (size_t i = 0; i < status->instance_count; i++) {
		struct cloud_instance *instance = &status->instances[i];
		if (strcmp(instance->id, id + strlen("/.booted/")) != 0)
			continue;
		free(instance->booted_digest);
		instance->booted_digest = xstrdup(text + strlen(start));
	}
	return true;
}

/* What the instances say themselves. Without the right to read logs, or without a log group yet,
 * they say nothing. */
static bool read_booted(struct cloud *cloud, const char *stack, struct cloud_status *status)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	int64_t since_ns = INT64_MAX;
	for (size_t i = 0; i < status->instance_count; i++)
		if (status->instances[i].launched_ns < since_ns)
			since_ns = status->instances[i].launched_ns;
	if (status->instance_count == 0 ||
	    read_logs(cloud, stack, NULL, since_ns, "\"i2kit: booted\"", take_booted, status, &err))
		return true;
	log_verbose("what the instances booted is not known: %s", err.message);
	return false;
}

bool aws_status(struct cloud *cloud, const char *project, const char *stack,
		struct cloud_status *ret, struct error *err)
{
	AUTO(stack_status_clear) struct stack_status status = {0};
	AUTO(cloud_status_clear) struct cloud_status out = {.stack = xstrdup(stack)};
	if (!stack_describe(cloud->client, stack, &status, err))
		return false;
	out.exists = status.exists;
	out.state = xstrdup(status.exists ? status.status : "absent");
	out.reason = xstrdup_or_null(status.reason);
	read_addresses(&status, &out);
	stack_tags_to_pods(status.tags, status.tag_count, &out.pods, &out.pod_count);
	if (status.exists && !list_instances(cloud, project, &out, err))
		return false;
	(void)read_booted(cloud, stack, &out);
	*ret = out;
	out = (struct cloud_status){0};
	return true;
}

/* --- destroy -------------------------------------------------------------------------------- */

static bool remove_parameters(struct cloud *cloud, const char *stack, struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	AUTO_FREE char *path = xasprintf("/i2kit/%s", stack);
	if (!parameter_list_below(cloud->client, path, false, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!parameter_delete(cloud->client, list.items[i].name, err))
			return false;
	return true;
}

static bool remove_images(struct cloud *cloud, const char *project, struct error *err)
{
	AUTO(ami_list_clear) struct ami_list list = {0};
	if (!ami_list(cloud->client, project, NULL, NULL, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!ami_remove(cloud->client, &list.items[i], err))
			return false;
	return true;
}

/* Looks again instead of believing what was just done. */
static bool prove_gone(struct cloud *cloud, const char *project, const char *stack,
		       bool with_images, struct error *err)
{
	AUTO(cloud_status_clear) struct cloud_status status = {0};
	AUTO(parameter_list_clear) struct parameter_list parameters = {0};
	AUTO(ami_list_clear) struct ami_list images = {0};
	AUTO_FREE char *path = xasprintf("/i2kit/%s", stack);
	if (!aws_status(cloud, project, stack, &status, err) ||
	    !parameter_list_below(cloud->client, path, false, &parameters, err))
		return false;
	if (with_images && !ami_list(cloud->client, project, NULL, NULL, &images, err))
		return false;
	if (status.exists || parameters.count > 0 || images.count > 0)
		return error_set(
			err, ERROR_BUSY, "something is left: stack %s, %zu parameters, %zu images",
			status.exists ? status.state : "gone", parameters.count, images.count);
	return true;
}

bool aws_destroy(struct cloud *cloud, const char *project, const char *stack, bool with_images,
		 const struct progress *progress, struct error *err)
{
	return stack_delete(cloud->client, stack, progress, err) &&
	       remove_parameters(cloud, stack, err) &&
	       (!with_images || remove_images(cloud, project, err)) &&
	       prove_gone(cloud, project, stack, with_images, err);
}

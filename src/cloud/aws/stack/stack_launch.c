/* SPDX-License-Identifier: Apache-2.0 */
/* What an instance of a pod is: image, type, role, firewall, user data. */
#include "cloud/aws/stack/stack_launch.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_disk.h"
#include "cloud/aws/stack/stack_instance.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_volume.h"
#include "cloud/aws/stack/template_writer.h"
#include "manifest/app.h"

/* Text in which Fn::Sub finds nothing of its own. */
static void append_literal(struct strbuf *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		bool is_opening = text[i] == '{' && i > 0 && text[i - 1] == '$';
		strbuf_append(out, is_opening ? "{!" : "");
		if (!is_opening)
			strbuf_append_char(out, text[i]);
	}
}

/* The first mark of either kind; NULL: there is none. */
static const char *find_mark(const char *text)
{
	const char *volume = strstr(text, STACK_VOLUME_START);
	const char *zone = strstr(text, STACK_ZONE_MARK);
	return volume == NULL || (zone != NULL && zone < volume) ? zone : volume;
}

/* Writes the reference for the mark; what is behind that. */
static const char *append_reference(const struct template_writer *writer, const char *mark,
				    struct strbuf *out)
{
	if (strncmp(mark, STACK_ZONE_MARK, strlen(STACK_ZONE_MARK)) == 0) {
		strbuf_append(out, "${PrivateZone}");
		return mark + strlen(STACK_ZONE_MARK);
	}
	const char *name = mark + strlen(STACK_VOLUME_START);
	size_t size = strcspn(name, STACK_VOLUME_END);
	AUTO_FREE char *claim = xstrndup(name, size);
	AUTO_FREE char *id = stack_volume_id(writer->target, claim);
	strbuf_appendf(out, "${%s}", id);
	return name + size + (name[size] != '\0');
}

/* Where ids of volumes and of the zone stand in user data, CloudFormation puts them in. */
static void write_user_data(struct template_writer *writer, const char *user_data)
{
	struct json_writer *json = &writer->json;
	json_open_object(json, "UserData");
	if (find_mark(user_data) == NULL) {
		json_write_text(json, "Fn::Base64", user_data);
		json_close(json);
		return;
	}
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	for (const char *rest = user_data;;) {
		const char *mark = find_mark(rest);
		append_literal(&text, rest, mark != NULL ? (size_t)(mark - rest) : strlen(rest));
		if (mark == NULL)
			break;
		rest = append_reference(writer, mark, &text);
	}
	template_write_sub(json, "Fn::Base64", strbuf_text(&text));
	json_close(json);
}

static void write_firewalls(struct template_writer *writer, const struct pod_spec *pod)
{
	AUTO_FREE char *firewall = stack_logical_id(pod->name, "Firewall");
	const char *const *more = writer->target->security_groups;
	json_open_list(&writer->json, "SecurityGroupIds");
	template_write_ref(&writer->json, NULL, firewall);
	template_write_ref(&writer->json, NULL, "Members");
	for (size_t i = 0; more != NULL && more[i] != NULL; i++)
		json_write_text(&writer->json, NULL, more[i]);
	json_close(&writer->json);
}

static void write_profile(struct template_writer *writer, const struct pod_spec *pod)
{
	const char *given = writer->target->instance_profile;
	AUTO_FREE char *profile = stack_logical_id(pod->name, "Profile");
	json_open_object(&writer->json, "IamInstanceProfile");
	if (given == NULL)
		template_write_attribute(&writer->json, "Arn", profile, "Arn");
	else
		json_write_text(&writer->json, strncmp(given, "arn:", 4) == 0 ? "Arn" : "Name",
				given);
	json_close(&writer->json);
}

/* The instance's other tags come from its group. */
static void write_tags(struct template_writer *writer, const struct pod_spec *pod,
		       const char *resource)
{
	struct json_writer *json = &writer->json;
	AUTO_FREE char *name = xasprintf("%s/%s", writer->target->project, pod->name);
	json_open_object(json, NULL);
	json_write_text(json, "ResourceType", resource);
	json_open_list(json, "Tags");
	template_write_tag(json, "Name", name);
	template_write_tag(json, "i2kit:project", writer->target->project);
	template_write_tag(json, "i2kit:stack", writer->target->stack);
	template_write_tag(json, "i2kit:pod", pod->name);
	json_close(json);
	json_close(json);
}

void stack_add_launch(struct template_writer *writer, const struct pod_spec *pod,
		      const struct stack_release *release)
{
	AUTO_FREE char *id = stack_logical_id(pod->name, "Launch");
	struct json_writer *json = template_begin(writer, id, "AWS::EC2::LaunchTemplate");
	json_open_object(json, "LaunchTemplateData");
	json_write_text(json, "ImageId", release->image);
	json_write_text(json, "InstanceType", stack_type_of(writer->target, pod));
	json_write_text_if(json, "KeyName", writer->target->key_pair);
	stack_write_disks(writer, pod);
	write_profile(writer, pod);
	write_firewalls(writer, pod);
	/* No InstanceMetadataTags: with them EC2 refuses any tag whose key has a slash in it, and
	 * CloudFormation puts the stack's tags on every instance. */
	json_open_object(json, "MetadataOptions");
	json_write_text(json, "HttpEndpoint", "enabled");
	json_write_text(json, "HttpTokens", "required");
	json_write_number(json, "HttpPutResponseHopLimit", 1);
	json_close(json);
	json_open_list(json, "TagSpecifications");
	write_tags(writer, pod, "instance");
	write_tags(writer, pod, "volume");
	json_close(json);
	write_user_data(writer, release->user_data);
	json_close(json);
	template_end(writer);
}

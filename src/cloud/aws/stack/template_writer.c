/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/template_writer.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct json_writer *template_resource(struct template_writer *writer, const char *id,
				      const char *type)
{
	json_open_object(&writer->json, id);
	json_write_text(&writer->json, "Type", type);
	return &writer->json;
}

void template_properties(struct template_writer *writer)
{
	json_open_object(&writer->json, "Properties");
}

struct json_writer *template_begin(struct template_writer *writer, const char *id, const char *type)
{
	struct json_writer *json = template_resource(writer, id, type);
	template_properties(writer);
	return json;
}

void template_end(struct template_writer *writer)
{
	json_close(&writer->json);
	json_close(&writer->json);
}

void template_write_ref(struct json_writer *json, const char *key, const char *id)
{
	json_open_object(json, key);
	json_write_text(json, "Ref", id);
	json_close(json);
}

void template_write_attribute(struct json_writer *json, const char *key, const char *id,
			      const char *attribute)
{
	json_open_object(json, key);
	json_open_list(json, "Fn::GetAtt");
	json_write_text(json, NULL, id);
	json_write_text(json, NULL, attribute);
	json_close(json);
	json_close(json);
}

void template_write_sub(struct json_writer *json, const char *key, const char *text)
{
	json_open_object(json, key);
	json_write_text(json, "Fn::Sub", text);
	json_close(json);
}

void template_write_pair(struct json_writer *json, const char *key, const char *value)
{
	json_open_object(json, NULL);
	json_write_text(json, "Key", key);
	json_write_text(json, "Value", value);
	json_close(json);
}

void template_write_tag(struct json_writer *json, const char *key, const char *value)
{
	if (value != NULL)
		template_write_pair(json, key, value);
}

void template_write_answer(struct json_writer *json, const char *status, const char *text)
{
	json_write_text(json, "Type", "fixed-response");
	json_open_object(json, "FixedResponseConfig");
	json_write_text(json, "StatusCode", status);
	json_write_text(json, "ContentType", "text/plain");
	json_write_text(json, "MessageBody", text);
	json_close(json);
}

void template_write_range(struct json_writer *json, const char *protocol, unsigned port)
{
	json_write_text(json, "IpProtocol", protocol);
	json_write_unsigned(json, "FromPort", port);
	json_write_unsigned(json, "ToPort", port);
}

void template_write_no_egress(struct json_writer *json, const char *description)
{
	json_open_list(json, "SecurityGroupEgress");
	json_open_object(json, NULL);
	json_write_text(json, "IpProtocol", "-1");
	json_write_text(json, "CidrIp", "127.0.0.1/32");
	json_write_text(json, "Description", description);
	json_close(json);
	json_close(json);
}

void template_write_alias(struct json_writer *json, const char *balancer, const char *name,
			  bool evaluates_health)
{
	AUTO_FREE char *absolute = xasprintf("%s.", name);
	json_write_text(json, "Name", absolute);
	json_write_text(json, "Type", "A");
	json_open_object(json, "AliasTarget");
	template_write_attribute(json, "DNSName", balancer, "DNSName");
	template_write_attribute(json, "HostedZoneId", balancer, "CanonicalHostedZoneID");
	json_write_bool(json, "EvaluateTargetHealth", evaluates_health);
	json_close(json);
}

void template_write_vpc(struct template_writer *writer, const char *key)
{
	if (writer->target->vpc != NULL)
		json_write_text(&writer->json, key, writer->target->vpc);
	else
		template_write_ref(&writer->json, key, "Vpc");
}

void template_write_subnets(struct template_writer *writer, const char *key, bool is_public)
{
	const struct stack_target *target = writer->target;
	const struct stack_subnet *subnets = is_public ? target->public_subnets : target->subnets;
	size_t count = is_public ? target->public_subnet_count : target->subnet_count;
	json_open_list(&writer->json, key);
	for (size_t i = 0; i < count; i++)
		json_write_text(&writer->json, NULL, subnets[i].id);
	if (target->vpc == NULL) {
		template_write_ref(&writer->json, NULL, "SubnetA");
		template_write_ref(&writer->json, NULL, "SubnetB");
	}
	json_close(&writer->json);
}

/* Outputs are few and short: each is written with a writer of its own. */
static struct json_writer begin_output(struct template_writer *writer, const char *id)
{
	strbuf_append(&writer->outputs, writer->outputs.size > 0 ? "," : "");
	strbuf_append_json(&writer->outputs, id);
	strbuf_append_char(&writer->outputs, ':');
	struct json_writer json = JSON_WRITER(&writer->outputs, JSON_ASCII);
	json_open_object(&json, NULL);
	return json;
}

void template_output_text(struct template_writer *writer, const char *id, const char *text)
{
	struct json_writer json = begin_output(writer, id);
	json_write_text(&json, "Value", text);
	json_close(&json);
}

void template_output_attribute(struct template_writer *writer, const char *id, const char *resource,
			       const char *attribute)
{
	struct json_writer json = begin_output(writer, id);
	template_write_attribute(&json, "Value", resource, attribute);
	json_close(&json);
}

void template_output_ref(struct template_writer *writer, const char *id, const char *resource)
{
	struct json_writer json = begin_output(writer, id);
	template_write_ref(&json, "Value", resource);
	json_close(&json);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_TEMPLATE_WRITER_H
#define I2KIT_CLOUD_AWS_STACK_TEMPLATE_WRITER_H

/* A template under way, and CloudFormation's functions as JSON values. */

#include "base/json_writer.h"
#include "cloud/aws/stack/stack_plan.h"

struct template_writer {
	const struct app *app;
	const struct stack_target *target;
	struct balancer_place *places; /* owned; of each service; stack_place.h */
	struct strbuf resources;
	struct strbuf outputs;
	struct strbuf parameters;
	struct json_writer json; /* in resources */
};

/* Opens a resource and its Properties; what stands beside those is written in between, with
 * template_properties(). */
struct json_writer *template_resource(struct template_writer *writer, const char *id,
				      const char *type);
void template_properties(struct template_writer *writer);
/* Both at once. */
struct json_writer *template_begin(struct template_writer *writer, const char *id,
				   const char *type);
void template_end(struct template_writer *writer);

void template_write_ref(struct json_writer *json, const char *key, const char *id);
void template_write_attribute(struct json_writer *json, const char *key, const char *id,
			      const char *attribute);
void template_write_sub(struct json_writer *json, const char *key, const char *text);
/* An element of a list of tags. */
void template_write_tag(struct json_writer *json, const char *key, const char *value);
/* "Key", "Value": an element of a list of attributes. */
void template_write_pair(struct json_writer *json, const char *key, const char *value);
/* A listener's own answer, as the members of an action. */
void template_write_answer(struct json_writer *json, const char *status, const char *text);
/* "IpProtocol", "FromPort", "ToPort" of one port. */
void template_write_range(struct json_writer *json, const char *protocol, unsigned port);
/* "SecurityGroupEgress": a rule to nowhere, which keeps EC2 from adding "everything, everywhere". */
void template_write_no_egress(struct json_writer *json, const char *description);
/* The members of a record set: an alias of a load balancer; which is not told while that has no
 * healthy target, where it evaluates health. */
void template_write_alias(struct json_writer *json, const char *balancer, const char *name,
			  bool evaluates_health);
/* The VPC the stack is in. */
void template_write_vpc(struct template_writer *writer, const char *key);
/* Those of instances and internal balancers, or of public ones. */
void template_write_subnets(struct template_writer *writer, const char *key, bool is_public);

/* An output with a text, and one that is an attribute of a resource. */
void template_output_text(struct template_writer *writer, const char *id, const char *text);
void template_output_attribute(struct template_writer *writer, const char *id, const char *resource,
			       const char *attribute);
void template_output_ref(struct template_writer *writer, const char *id, const char *resource);

#endif

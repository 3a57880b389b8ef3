/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/aws/rehearsal/rehearsal_parts.h"
#include "wire/booted.h"

#define MAX_NAMES 10 /* of a GetParameters call */

static inline void auto_json(json_t **value)
{
	json_decref(*value);
}
#define AUTO_JSON AUTO(auto_json)

static void answer_json(struct rehearsal_answer *answer, json_t *body)
{
	AUTO_FREE char *text = json_dumps(body, JSON_COMPACT);
	strbuf_append(&answer->body, text);
}

/* --- ssm ------------------------------------------------------------------------------------ */

static void get_parameters(struct cloud_rehearsal *rehearsal, const json_t *request,
			   struct rehearsal_answer *answer)
{
	const json_t *names = json_object_get(request, "Names");
	AUTO_JSON json_t *out = json_pack("{s:[], s:[]}", "Parameters", "InvalidParameters");
	json_t *found = json_object_get(out, "Parameters");
	size_t i;
	json_t *entry;
	if (json_array_size(names) < 1 || json_array_size(names) > MAX_NAMES ||
	    !json_is_true(json_object_get(request, "WithDecryption"))) {
		rehearsal_refuse(rehearsal, answer, "ssm", "ValidationException",
				 "GetParameters takes 1 to %d names", MAX_NAMES);
		return;
	}
	json_array_foreach(names, i, entry)
	{
		const char *name = json_string_value(entry);
		const char *value =
			name != NULL ? parameter_list_find(&rehearsal->data.puts, name) : NULL;
		if (value == NULL) { /* the role may read its own pod's parameters alone */
			rehearsal_refuse(rehearsal, answer, "ssm", "AccessDeniedException",
					 "the role may not read %s", name != NULL ? name : "?");
			return;
		}
		json_array_append_new(found, json_pack("{s:s, s:s, s:s}", "Name", name, "Type",
						       "SecureString", "Value", value));
		rehearsal->facts.parameters++;
	}
	answer_json(answer, out);
}

/* --- logs ----------------------------------------------------------------------------------- */

static bool is_own_group(struct cloud_rehearsal *rehearsal, const json_t *request,
			 struct rehearsal_answer *answer)
{
	const char *group = json_string_value(json_object_get(request, "logGroupName"));
	if (group != NULL && strcmp(group, rehearsal->log_group) == 0)
		return true;
	rehearsal_refuse(rehearsal, answer, "logs", "AccessDeniedException",
			 "the role may not write to %s", group != NULL ? group : "?");
	return false;
}

static void create_stream(struct cloud_rehearsal *rehearsal, const json_t *request,
			  struct rehearsal_answer *answer)
{
	const char *stream = json_string_value(json_object_get(request, "logStreamName"));
	if (stream == NULL || string_list_has(&rehearsal->streams, stream)) {
		answer->status = 400;
		strbuf_append(&answer->body, "{\"__type\":\"ResourceAlreadyExistsException\"}");
		return;
	}
	string_list_add(&rehearsal->streams, stream);
	strbuf_append(&answer->body, "{}");
}

/* The guest's word on its own disk (guest/cloud/cloud_booted.h). */
static void take_booted(struct cloud_rehearsal *rehearsal, const char *stream, const char *text)
{
	size_t start = strlen(BOOTED_TEXT);
	if (strstr(stream, BOOTED_STREAM) != NULL && strncmp(text, BOOTED_TEXT, start) == 0 &&
	    digest_is_valid(text + start))
		memcpy(rehearsal->facts.booted, text + start, DIGEST_SIZE);
}

static void put_events(struct cloud_rehearsal *rehearsal, const json_t *request,
		       struct rehearsal_answer *answer)
{
	const char *stream = json_string_value(json_object_get(request, "logStreamName"));
	const json_t *events = json_object_get(request, "logEvents");
	size_t i;
	json_t *event;
	json_int_t last = 0;
	if (stream == NULL || !string_list_has(&rehearsal->streams, stream)) {
		rehearsal_refuse(rehearsal, answer, "logs", "ResourceNotFoundException",
				 "there is no such log stream");
		return;
	}
	json_array_foreach(events, i, event)
	{
		const char *text = json_string_value(json_object_get(event, "message"));
		json_int_t time_ms = json_integer_value(json_object_get(event, "timestamp"));
		if (text == NULL || text[0] == '\0' || time_ms < last) {
			rehearsal_refuse(rehearsal, answer, "logs", "InvalidParameterException",
					 "a log event without text, or out of order");
			return;
		}
		last = time_ms;
		take_booted(rehearsal, stream, text);
		rehearsal->facts.log_lines++;
		if (rehearsal->log != NULL)
			rehearsal->log(stream, text, rehearsal->log_arg);
	}
	strbuf_append(&answer->body, "{\"nextSequenceToken\":\"1\"}");
}

/* --- query protocols ------------------------------------------------------------------------ */

static void signal_resource(struct cloud_rehearsal *rehearsal,
			    const struct rehearsal_request *request,
			    struct rehearsal_answer *answer)
{
	AUTO_FREE char *stack = rehearsal_request_value(request, "StackName");
	AUTO_FREE char *resource = rehearsal_request_value(request, "LogicalResourceId");
	AUTO_FREE char *id = rehearsal_request_value(request, "UniqueId");
	AUTO_FREE char *status = rehearsal_request_value(request, "Status");
	bool is_success = status != NULL && strcmp(status, "SUCCESS") == 0;
	bool is_failure = status != NULL && strcmp(status, "FAILURE") == 0;
	if (stack == NULL || strcmp(stack, rehearsal->stack) != 0 || resource == NULL ||
	    strcmp(resource, rehearsal->group) != 0 || id == NULL ||
	    strcmp(id, REHEARSAL_INSTANCE) != 0 || (!is_success && !is_failure)) {
		rehearsal_refuse(rehearsal, answer, "cloudformation", "ValidationError",
				 "SignalResource for another stack, resource or instance");
		return;
	}
	rehearsal->facts.signal = is_success ? REHEARSAL_READY : REHEARSAL_FAILED;
	strbuf_append(&answer->body, "<SignalResourceResponse><ResponseMetadata><RequestId>1"
				     "</RequestId></ResponseMetadata></SignalResourceResponse>");
}

static bool is_known_volume(const struct cloud_rehearsal *rehearsal, const char *id)
{
	for (size_t i = 0; id != NULL && i < rehearsal->facts.volume_count; i++)
		if (strncmp(id, "vol-", 4) == 0 &&
		    strcmp(rehearsal->facts.volumes[i].serial + 3, id + 4) == 0)
			return true;
	return false;
}

/* The disk is there from the start: the machine cannot tell. */
static void attach_volume(struct cloud_rehearsal *rehearsal,
			  const struct rehearsal_request *request, struct rehearsal_answer *answer)
{
	AUTO_FREE char *volume = rehearsal_request_value(request, "VolumeId");
	AUTO_FREE char *instance = rehearsal_request_value(request, "InstanceId");
	if (!is_known_volume(rehearsal, volume) || instance == NULL ||
	    strcmp(instance, REHEARSAL_INSTANCE) != 0) {
		rehearsal_refuse(rehearsal, answer, "ec2", "UnauthorizedOperation",
				 "the role may not attach %s", volume != NULL ? volume : "?");
		return;
	}
	strbuf_append(&answer->body, "<AttachVolumeResponse><requestId>1</requestId>"
				     "<status>attaching</status></AttachVolumeResponse>");
}

/* --- which ---------------------------------------------------------------------------------- */

static void call_json(struct cloud_rehearsal *rehearsal, const struct rehearsal_request *request,
		      const char *service, const char *target, struct rehearsal_answer *answer)
{
	AUTO_JSON json_t *body = json_loads(request->body, JSON_REJECT_DUPLICATES, NULL);
	answer->type = "application/x-amz-json-1.1";
	if (body == NULL)
		rehearsal_refuse(rehearsal, answer, service, "SerializationException",
				 "the body is not JSON");
	else if (strcmp(target, "AmazonSSM.GetParameters") == 0)
		get_parameters(rehearsal, body, answer);
	else if (strcmp(target, "Logs_20140328.CreateLogStream") == 0 &&
		 is_own_group(rehearsal, body, answer))
		create_stream(rehearsal, body, answer);
	else if (strcmp(target, "Logs_20140328.PutLogEvents") == 0 &&
		 is_own_group(rehearsal, body, answer))
		put_events(rehearsal, body, answer);
	else if (answer->status == 200)
		rehearsal_refuse(rehearsal, answer, service, "AccessDeniedException",
				 "a rehearsal has no %s", target);
}

void rehearsal_call(struct cloud_rehearsal *rehearsal, const struct rehearsal_request *request,
		    const char *service, struct rehearsal_answer *answer)
{
	const char *target = rehearsal_request_header(request, "x-amz-target");
	AUTO_FREE char *action = rehearsal_request_value(request, "Action");
	rehearsal->facts.signed_calls++;
	if (target != NULL) {
		call_json(rehearsal, request, service, target, answer);
		return;
	}
	answer->type = "text/xml";
	if (action != NULL && strcmp(action, "SignalResource") == 0 &&
	    strcmp(service, "cloudformation") == 0)
		signal_resource(rehearsal, request, answer);
	else if (action != NULL && strcmp(action, "AttachVolume") == 0 &&
		 strcmp(service, "ec2") == 0)
		attach_volume(rehearsal, request, answer);
	else
		rehearsal_refuse(rehearsal, answer, service, "AccessDenied",
				 "a rehearsal has no %s", action != NULL ? action : "such call");
}

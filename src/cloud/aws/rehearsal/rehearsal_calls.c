/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "cloud/aws/rehearsal/rehearsal_names.h"
#include "cloud/aws/rehearsal/rehearsal_parts.h"
#include "wire/booted.h"

#define MAX_NAMES  10	 /* of a GetParameters call */
#define MAX_EVENTS 10000 /* of a PutLogEvents call */

/* --- ssm ------------------------------------------------------------------------------------ */

static void write_parameter(struct json_writer *json, const char *name, const char *value)
{
	json_open_object(json, NULL);
	json_write_text(json, "Name", name);
	json_write_text(json, "Type", "SecureString");
	json_write_text(json, "Value", value);
	json_close(json);
}

static void get_parameters(struct cloud_rehearsal *rehearsal, struct json_view request,
			   struct rehearsal_answer *answer)
{
	struct json_view names = json_view_get(request, "Names");
	size_t count = json_view_count(names, MAX_NAMES);
	if (count == 0 || !json_view_bool(json_view_get(request, "WithDecryption"), false)) {
		rehearsal_refuse(rehearsal, answer, "ssm", "ValidationException",
				 "GetParameters takes 1 to %d names", MAX_NAMES);
		return;
	}
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_open_list(&json, "InvalidParameters");
	json_close(&json);
	json_open_list(&json, "Parameters");
	for (size_t i = 0; i < count; i++) {
		const char *name = json_view_peek(json_view_at(names, i));
		const char *value =
			name != NULL ? parameter_list_find(&rehearsal->data.puts, name) : NULL;
		if (value == NULL) { /* the role may read its own pod's parameters alone */
			rehearsal_refuse(rehearsal, answer, "ssm", "AccessDeniedException",
					 "the role may not read %s", name != NULL ? name : "?");
			return;
		}
		write_parameter(&json, name, value);
		rehearsal->facts.parameters++;
	}
	json_close(&json);
	json_close(&json);
	strbuf_append(&answer->body, strbuf_text(&out));
}

/* --- logs ----------------------------------------------------------------------------------- */

static bool is_own_group(struct cloud_rehearsal *rehearsal, struct json_view request,
			 struct rehearsal_answer *answer)
{
	const char *group = json_view_peek(json_view_get(request, "logGroupName"));
	if (group != NULL && strcmp(group, rehearsal->log_group) == 0)
		return true;
	rehearsal_refuse(rehearsal, answer, "logs", "AccessDeniedException",
			 "the role may not write to %s", group != NULL ? group : "?");
	return false;
}

static void create_stream(struct cloud_rehearsal *rehearsal, struct json_view request,
			  struct rehearsal_answer *answer)
{
	const char *stream = json_view_peek(json_view_get(request, "logStreamName"));
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

static void put_events(struct cloud_rehearsal *rehearsal, struct json_view request,
		       struct rehearsal_answer *answer)
{
	const char *stream = json_view_peek(json_view_get(request, "logStreamName"));
	struct json_view events = json_view_get(request, "logEvents");
	size_t count = json_view_count(events, MAX_EVENTS);
	int64_t last = 0;
	if (count == 0) {
		rehearsal_refuse(rehearsal, answer, "logs", "InvalidParameterException",
				 "PutLogEvents takes 1 to %d events", MAX_EVENTS);
		return;
	}
	if (stream == NULL || !string_list_has(&rehearsal->streams, stream)) {
		rehearsal_refuse(rehearsal, answer, "logs", "ResourceNotFoundException",
				 "there is no such log stream");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct json_view event = json_view_at(events, i);
		const char *text = json_view_peek(json_view_get(event, "message"));
		int64_t time_ms =
			json_view_number(json_view_get(event, "timestamp"), 0, INT64_MAX, 0);
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

static void signal_resource(struct cloud_rehearsal *rehearsal, const struct guest_call *request,
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
	const char *missing = is_success ? rehearsal_missing_name(rehearsal) : NULL;
	if (missing != NULL)
		rehearsal_refuse(rehearsal, answer, "cloudformation", "i2kit",
				 "the pod said that it is ready before %s led to it", missing);
	rehearsal->facts.signal = is_success ? REHEARSAL_READY : REHEARSAL_FAILED;
	if (missing != NULL)
		return;
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
static void attach_volume(struct cloud_rehearsal *rehearsal, const struct guest_call *request,
			  struct rehearsal_answer *answer)
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

static void call_json(struct cloud_rehearsal *rehearsal, const struct guest_call *request,
		      const char *service, const char *target, struct rehearsal_answer *answer)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(request->body, strlen(request->body), "the body", 0, NULL);
	answer->type = "application/x-amz-json-1.1";
	if (document == NULL) {
		rehearsal_refuse(rehearsal, answer, service, "SerializationException",
				 "the body is not JSON");
		return;
	}
	struct json_view body = json_document_root(document);
	if (strcmp(target, "AmazonSSM.GetParameters") == 0)
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

void rehearsal_call(struct cloud_rehearsal *rehearsal, const struct guest_call *request,
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
	else if (!rehearsal_call_names(rehearsal, request, service, answer))
		rehearsal_refuse(rehearsal, answer, service, "AccessDenied",
				 "a rehearsal has no %s", action != NULL ? action : "such call");
}

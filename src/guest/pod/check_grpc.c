/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/check_grpc.h"

#include <string.h>

#include "base/cleanup.h"

/*
 * grpc.health.v1.Health/Check as the bytes it is: an HTTP/2 preface, empty SETTINGS, one request
 * with literal headers (RFC 7541 §6.2.2, no table, no Huffman), one message. Of the answer only the
 * first DATA frame of stream 1 counts: its message's field 1 is 1 for SERVING.
 */

#define FRAME_HEADER  9
#define FRAME_DATA    0
#define FRAME_HEADERS 1
#define FRAME_RESET   3
#define FRAME_GOAWAY  7
#define END_STREAM    1
#define END_HEADERS   4

static void append_frame(struct strbuf *out, uint8_t type, uint8_t flags, uint8_t stream,
			 const char *payload, size_t size)
{
	char header[FRAME_HEADER] = {
		(char)(size >> 16), (char)(size >> 8), (char)size, (char)type, (char)flags, 0, 0, 0,
		(char)stream};
	strbuf_append_bytes(out, header, sizeof(header));
	strbuf_append_bytes(out, payload, size);
}

/* Names and values of up to 126 bytes: longer ones would need more than one length byte. */
static void append_header(struct strbuf *out, const char *name, const char *value)
{
	size_t value_size = strnlen(value, 126);
	strbuf_append_char(out, 0);
	strbuf_append_char(out, (char)strlen(name));
	strbuf_append(out, name);
	strbuf_append_char(out, (char)value_size);
	strbuf_append_bytes(out, value, value_size);
}

void grpc_request_make(const struct check *check, const char *host, struct strbuf *ret)
{
	AUTO(strbuf_clear) struct strbuf headers = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf message = STRBUF_INIT;
	append_header(&headers, ":method", "POST");
	append_header(&headers, ":scheme", "http");
	append_header(&headers, ":path", "/grpc.health.v1.Health/Check");
	append_header(&headers, ":authority", host);
	append_header(&headers, "content-type", "application/grpc");
	append_header(&headers, "te", "trailers");
	const char *service = check->service != NULL ? check->service : "";
	size_t service_size = strnlen(service, 120);
	size_t body = service_size > 0 ? service_size + 2 : 0;
	char prefix[5] = {0, 0, 0, 0, (char)body};
	strbuf_append_bytes(&message, prefix, sizeof(prefix));
	if (service_size > 0) {
		strbuf_append_char(&message, 0x0a);
		strbuf_append_char(&message, (char)service_size);
		strbuf_append_bytes(&message, service, service_size);
	}
	strbuf_append(ret, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	append_frame(ret, 4, 0, 0, "", 0);
	append_frame(ret, FRAME_HEADERS, END_HEADERS, 1, headers.data, headers.size);
	append_frame(ret, FRAME_DATA, END_STREAM, 1, message.data, message.size);
}

static int judge_message(const uint8_t *bytes, size_t size)
{
	/* Flag, length, then perhaps 08 01. */
	if (size < 5 || bytes[0] != 0)
		return -1;
	return size == 7 && bytes[5] == 0x08 && bytes[6] == 1 ? 1 : 2;
}

int grpc_answer_parse(const uint8_t *bytes, size_t size)
{
	while (size >= FRAME_HEADER) {
		size_t payload = (size_t)bytes[0] << 16 | (size_t)bytes[1] << 8 | bytes[2];
		bool is_ours = bytes[8] == 1 && bytes[5] == 0 && bytes[6] == 0 && bytes[7] == 0;
		if (bytes[3] == FRAME_GOAWAY || (is_ours && bytes[3] == FRAME_RESET))
			return -1;
		/* Headers that end the stream: trailers alone, a refusal. */
		if (is_ours && bytes[3] == FRAME_HEADERS && (bytes[4] & END_STREAM) != 0)
			return -1;
		if (size - FRAME_HEADER < payload)
			return 0;
		if (is_ours && bytes[3] == FRAME_DATA && payload > 0)
			return judge_message(bytes + FRAME_HEADER, payload);
		bytes += FRAME_HEADER + payload;
		size -= FRAME_HEADER + payload;
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "image/policy/openpgp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/process.h"
#include "base/process_run.h"
#include "base/strbuf.h"
#include "image/policy/signature_payload.h"

#define BLOCK_BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define BLOCK_END   "-----END PGP PUBLIC KEY BLOCK-----"

enum { TIMEOUT_MS = 60000, FINGERPRINT_MAX = 128 };

bool openpgp_is_key(const char *bytes, size_t size)
{
	/* A packet of a public key begins so: old format 0x98 to 0x9b, new format 0xc6. */
	unsigned char first = size > 0 ? (unsigned char)bytes[0] : 0;
	return (first >= 0x98 && first <= 0x9b) || first == 0xc6 ||
	       memmem(bytes, size, BLOCK_BEGIN, strlen(BLOCK_BEGIN)) != NULL;
}

/* From behind the BEGIN line to the END line: headers, an empty line, base64, "=" and a checksum. */
static bool add_block(const char *block, size_t size, struct strbuf *out, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf joined = STRBUF_INIT;
	const char *at = block;
	const char *end = block + size;
	bool is_body = false;
	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((line_end != NULL ? line_end : end) - at);
		size_t used = length;
		while (used > 0 && strchr(" \t\r", at[used - 1]) != NULL && at[used - 1] != '\0')
			used--;
		if (!is_body)
			is_body = used == 0 && at != block;
		else if (used > 0 && at[0] == '=')
			break;
		else
			strbuf_append_bytes(&joined, at, used);
		at += length + 1;
	}
	AUTO_FREE uint8_t *bytes = NULL;
	size_t bytes_size = 0;
	if (joined.size == 0 ||
	    !base64_decode(strbuf_text(&joined), joined.size, &bytes, &bytes_size))
		return error_set(err, ERROR_INVALID, "the armour of a public key is damaged");
	strbuf_append_bytes(out, bytes, bytes_size);
	return true;
}

bool openpgp_read_keys(const char *bytes, size_t size, uint8_t **ret, size_t *ret_size,
		       struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	if (size > OPENPGP_KEY_MAX_BYTES || !openpgp_is_key(bytes, size))
		return error_set(err, ERROR_INVALID, "these are no public keys of OpenPGP");
	const char *at = memmem(bytes, size, BLOCK_BEGIN, strlen(BLOCK_BEGIN));
	if (at == NULL)
		strbuf_append_bytes(&out, bytes, size);
	while (at != NULL) {
		at += strlen(BLOCK_BEGIN);
		size_t left = size - (size_t)(at - bytes);
		const char *end = memmem(at, left, BLOCK_END, strlen(BLOCK_END));
		if (end == NULL)
			return error_set(err, ERROR_INVALID, "a public key's armour does not end");
		if (!add_block(at, (size_t)(end - at), &out, err))
			return false;
		at = memmem(end, size - (size_t)(end - bytes), BLOCK_BEGIN, strlen(BLOCK_BEGIN));
	}
	*ret_size = out.size;
	*ret = (uint8_t *)strbuf_take(&out);
	return true;
}

void openpgp_message_clear(struct openpgp_message *message)
{
	free(message->text);
	*message = (struct openpgp_message){0};
}

static bool begins(const char *line, const char *word)
{
	size_t size = strlen(word);
	return strncmp(line, word, size) == 0 && (line[size] == ' ' || line[size] == '\n');
}

/* The last word of VALIDSIG's line is the primary key's fingerprint. */
static bool take_fingerprint(const char *line, size_t size, char out[FINGERPRINT_MAX + 1])
{
	size_t begin = size;
	while (begin > 0 && line[begin - 1] != ' ')
		begin--;
	size_t length = size - begin;
	if (length < 32 || length > FINGERPRINT_MAX ||
	    strspn(line + begin, "0123456789ABCDEFabcdef") < length)
		return false;
	memcpy(out, line + begin, length);
	out[length] = '\0';
	return true;
}

bool openpgp_read_status(const char *status, char fingerprint[129], struct error *err)
{
	static const char prefix[] = "[GNUPG:] ";
	static const char *const bad[] = {"BADSIG",    "ERRSIG",    "EXPSIG",	 "EXPKEYSIG",
					  "REVKEYSIG", "NO_PUBKEY", "KEYREVOKED"};
	unsigned signatures = 0;
	unsigned good = 0;
	unsigned valid = 0;
	bool is_bad = false;
	for (const char *line = status; *line != '\0';) {
		size_t size = strcspn(line, "\n");
		const char *word = line + strlen(prefix);
		if (strncmp(line, prefix, strlen(prefix)) == 0) {
			signatures += begins(word, "NEWSIG");
			good += begins(word, "GOODSIG");
			if (begins(word, "VALIDSIG"))
				valid += take_fingerprint(line, size, fingerprint);
			for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
				is_bad = is_bad || begins(word, bad[i]);
		}
		line += size + (line[size] == '\n');
	}
	if (strstr(status, "NO_PUBKEY") != NULL)
		return error_set(err, ERROR_DENIED, "it is signed by another key");
	if (is_bad || good != 1 || valid != 1)
		return error_set(err, ERROR_DENIED, "its OpenPGP signature is not good");
	return signatures <= 1 ||
	       error_set(err, ERROR_DENIED, "it has more than one OpenPGP signature");
}

static void remove_file(char **path)
{
	if (*path != NULL)
		(void)unlink(*path);
	free(*path);
}

/* gpgv wants its ring as a file. */
static bool write_ring(const void *bytes, size_t size, char **ret, struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_RUNTIME, NULL);
	AUTO_FREE char *path = xasprintf("%s/ring-XXXXXX", folder);
	if (!path_make_folders(folder, 0700, err))
		return false;
	AUTO_CLOSE int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, errno, "%s", path);
	*ret = TAKE_PTR(path);
	return fd_write_all(fd, bytes, size, err);
}

/* Stdout has the message or, with it thrown away, what gpgv finds: either is bounded alone. */
static bool run_gpgv(const char *ring_path, bool wants_status, const void *signature, size_t size,
		     struct process_output *ret, struct error *err)
{
	AUTO_FREE char *program = process_find_program(OPENPGP_PROGRAM);
	if (program == NULL) {
		(void)error_set(err, ERROR_NOT_FOUND, "no %s on this machine", OPENPGP_PROGRAM);
		return error_hint(err, "apt-get install gpgv");
	}
	const char *const argv[] = {program,	   "--quiet",
				    "--keyring",   ring_path,
				    "--status-fd", wants_status ? "1" : "2",
				    "--output",	   wants_status ? "/dev/null" : "-",
				    "-",	   NULL};
	const char *const environment[] = {"LC_ALL=C", NULL};
	const struct process_run run = {.argv = argv,
					.environment = environment,
					.input = signature,
					.input_size = size,
					.max_bytes = SIGNATURE_MAX_BYTES,
					.timeout_ms = TIMEOUT_MS,
					.accept_failure = true};
	return process_run(&run, ret, err) || error_prefix(err, OPENPGP_PROGRAM);
}

bool openpgp_open(const void *ring, size_t ring_size, const void *signature, size_t signature_size,
		  struct openpgp_message *ret, struct error *err)
{
	__attribute__((cleanup(remove_file))) char *ring_path = NULL;
	AUTO(process_output_clear) struct process_output status = {0};
	AUTO(process_output_clear) struct process_output content = {0};
	AUTO(openpgp_message_clear) struct openpgp_message message = {0};
	if (!write_ring(ring, ring_size, &ring_path, err) ||
	    !run_gpgv(ring_path, true, signature, signature_size, &status, err) ||
	    !openpgp_read_status(status.text, message.fingerprint, err) ||
	    !run_gpgv(ring_path, false, signature, signature_size, &content, err))
		return false;
	if (status.status != 0 || content.status != 0)
		return error_set(err, ERROR_DENIED, "its OpenPGP signature is not good");
	message.text = TAKE_PTR(content.text);
	message.size = content.size;
	*ret = message;
	message = (struct openpgp_message){0};
	return true;
}

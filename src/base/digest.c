/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <string.h>

static const char prefix[] = "sha256:";
static const char digits[] = "0123456789abcdef";
enum { PREFIX_LENGTH = sizeof(prefix) - 1, HEX_LENGTH = DIGEST_HEX_SIZE - 1 };

bool digest_is_set(const struct digest *digest)
{
	static const struct digest none;
	return digest != NULL && !digest_equal(digest, &none);
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

bool digest_parse_hex(const char *hex, struct digest *ret)
{
	struct digest digest = {0};
	if (strspn(hex, digits) != HEX_LENGTH || hex[HEX_LENGTH] != '\0')
		return false;
	for (size_t i = 0; i < HEX_LENGTH; i++) {
		size_t digit = (size_t)(strchr(digits, hex[i]) - digits);
		digest.bytes[i / 2] = (uint8_t)((size_t)digest.bytes[i / 2] << 4 | digit);
	}
	if (!digest_is_set(&digest))
		return false;
	*ret = digest;
	return true;
}

bool digest_parse(const char *text, struct digest *ret)
{
	return text != NULL && strncmp(text, prefix, PREFIX_LENGTH) == 0 &&
	       digest_parse_hex(text + PREFIX_LENGTH, ret);
}

bool digest_is_valid(const char *text)
{
	struct digest digest;
	return digest_parse(text, &digest);
}

const char *digest_hex(const struct digest *digest, char out[DIGEST_HEX_SIZE])
{
	out[0] = '\0';
	if (!digest_is_set(digest))
		return out;
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		out[2 * i] = digits[digest->bytes[i] >> 4];
		out[2 * i + 1] = digits[digest->bytes[i] & 15];
	}
	out[HEX_LENGTH] = '\0';
	return out;
}

void digest_uuid(const struct digest *digest, char out[UUID_SIZE])
{
	struct digest uuid = *digest;
	char *to = out;
	uuid.bytes[6] = (uint8_t)(0x80 | (uuid.bytes[6] & 0x0f)); /* version 8 */
	uuid.bytes[8] = (uint8_t)(0x80 | (uuid.bytes[8] & 0x3f)); /* variant */
	const char *hex = DIGEST_HEX(&uuid);
	for (size_t i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			*to++ = '-';
		*to++ = hex[i];
	}
	*to = '\0';
}

const char *digest_text(const struct digest *digest, char out[DIGEST_SIZE])
{
	out[0] = '\0';
	if (digest_is_set(digest)) {
		memcpy(out, prefix, PREFIX_LENGTH);
		(void)digest_hex(digest, out + PREFIX_LENGTH);
	}
	return out;
}

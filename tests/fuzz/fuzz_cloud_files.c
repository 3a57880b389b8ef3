/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What promote keeps between runs and what the cloud tells it: the state of an upload, the map of a
 * disk's blocks, receipts and their tags. The first byte says which.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cloud/aws/disk/block_map.h"
#include "cloud/aws/disk/upload_state.h"
#include "fuzz_folder.h"
#include "release/receipt.h"
#include "release/receipt_tag.h"
#include "release/release_scope.h"
#include "release/trusted_keys.h"

#define SHA "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void check_upload(const uint8_t *bytes, size_t size)
{
	AUTO(upload_state_clear) struct upload_state state = {0};
	AUTO(upload_state_clear) struct upload_state again = {0};
	AUTO_FREE char *path = fuzz_file("upload", bytes, size);
	if (!upload_state_load(path, &state))
		return;
	if (!upload_state_save(path, &state, NULL) || !upload_state_load(path, &again) ||
	    state.count != again.count || !digest_equal(&state.digest, &again.digest))
		abort();
}

/* The file's name is block_map.c's: what it saved is where the next one is read from. */
static void check_map(const uint8_t *bytes, size_t size)
{
	static char *place;
	struct digest digest;
	if (!digest_parse(SHA, &digest))
		abort();
	AUTO(block_map_clear) struct block_map map = {0};
	const struct block_map empty = {0};
	if (place == NULL) {
		AUTO_FREE char *found = NULL;
		if (setenv("XDG_CACHE_HOME", fuzz_folder(), 1) != 0 ||
		    setenv("XDG_DATA_HOME", fuzz_folder(), 1) != 0 ||
		    setenv("XDG_STATE_HOME", fuzz_folder(), 1) != 0 ||
		    !block_map_save(&empty, &digest, NULL))
			abort();
		place = block_map_path(&digest);
	}
	AUTO_CLOSE int fd = open(place, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0 || !fd_write_all(fd, bytes, size, NULL))
		abort();
	if (block_map_load(&digest, &map) && map.count > map.total)
		abort();
}

static void check_receipt(const char *text, size_t size)
{
	AUTO(receipt_clear) struct receipt receipt = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (!receipt_read(text, size, &receipt, &err) && err.message == NULL)
		abort();
}

static const struct release_scope shop = {
	.project = "shop", .environment = "production", .pods = {{1}}};

static void check_tag(const char *text, size_t size)
{
	static const struct release_id release = {.image = {{1, 2}}, .config = {{3}}};
	const struct trusted_keys trusted = {0};
	AUTO(receipt_claim_clear) struct receipt_claim claim = {0};
	AUTO_FREE char *tag = xstrndup(text, size);
	if (receipt_check_tag(tag, &shop, "web", &release, &trusted, &claim, NULL) &&
	    claim.is_signature_good && claim.key[0] == '\0')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (fuzz_folder_path == NULL && setenv("XDG_CONFIG_HOME", fuzz_folder(), 1) != 0)
		abort();
	switch (bytes[0] % 4) {
	case 0:
		check_upload(bytes + 1, size - 1);
		break;
	case 1:
		check_map(bytes + 1, size - 1);
		break;
	case 2:
		check_receipt((const char *)bytes + 1, size - 1);
		break;
	default:
		check_tag((const char *)bytes + 1, size - 1);
		break;
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/layer_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/string_list.h"
#include "image/layer/squashfs_reader.h"

#define MAX_NAMES 65536u
#define MAX_FILE  ((size_t)1 << 20)

void layer_view_clear(struct layer_view *view)
{
	free(view->layers);
	*view = (struct layer_view){0};
}

static bool hides_lower(const struct squashfs_place *place)
{
	return place->is_opaque ||
	       (place->kind != SQUASHFS_NOTHING && place->kind != SQUASHFS_FOLDER);
}

bool layer_view_read(const struct layer_view *view, const char *path, struct strbuf *ret,
		     bool *ret_found, struct error *err)
{
	bool is_hidden = false;

	*ret_found = false;
	for (size_t i = view->count; i > 0 && !is_hidden; i--) {
		AUTO(squashfs_place_clear) struct squashfs_place place = {0};
		if (!squashfs_reader_find(view->layers[i - 1], path, &place, err))
			return error_prefix(err, "'%s'", path);
		is_hidden = hides_lower(&place) || place.kind == SQUASHFS_FOLDER;
		if (place.kind != SQUASHFS_FILE)
			continue;
		if (!squashfs_reader_read(view->layers[i - 1], &place, ret, err))
			return error_prefix(err, "'%s'", path);
		*ret_found = true;
	}
	return true;
}

struct walk {
	struct squashfs_reader *layer;
	struct string_list above; /* names of the layers above, sorted */
	struct string_list own;	  /* of this one */
	layer_file_fn *fn;
	void *arg;
};

static int compare(const void *name, const void *item)
{
	const char *const *other = item;

	return strcmp(name, *other);
}

static bool is_hidden(const struct walk *walk, const char *name)
{
	return walk->above.count > 0 &&
	       bsearch(name, walk->above.items, walk->above.count, sizeof(char *), compare) != NULL;
}

static bool take_file(const char *name, const struct squashfs_place *place, void *arg,
		      struct error *err)
{
	struct walk *walk = arg;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(MAX_FILE);

	if (is_hidden(walk, name))
		return true;
	string_list_add(&walk->own, name);
	if (place->kind != SQUASHFS_FILE)
		return true;
	return (squashfs_reader_read(walk->layer, place, &text, err) ||
		error_prefix(err, "'%.100s'", name)) &&
	       walk->fn(name, strbuf_text(&text), walk->arg, err);
}

/* *ret_hides: the layers below have nothing to say of the folder. */
static bool walk_layer(struct walk *walk, const char *path, bool *ret_hides, struct error *err)
{
	AUTO(squashfs_place_clear) struct squashfs_place place = {0};

	if (!squashfs_reader_find(walk->layer, path, &place, err))
		return false;
	*ret_hides = hides_lower(&place);
	if (place.kind != SQUASHFS_FOLDER)
		return true;
	if (!squashfs_reader_each(walk->layer, &place, MAX_NAMES - walk->above.count, take_file,
				  walk, err))
		return false;
	string_list_copy(&walk->above, &walk->own);
	string_list_clear(&walk->own);
	string_list_sort(&walk->above);
	return true;
}

bool layer_view_each(const struct layer_view *view, const char *path, layer_file_fn *fn, void *arg,
		     struct error *err)
{
	struct walk walk = {.fn = fn, .arg = arg};
	bool is_done = false, is_good = true;

	for (size_t i = view->count; i > 0 && !is_done && is_good; i--) {
		walk.layer = view->layers[i - 1];
		is_good = walk_layer(&walk, path, &is_done, err);
	}
	string_list_clear(&walk.above);
	string_list_clear(&walk.own);
	return is_good || error_prefix(err, "'%s'", path);
}

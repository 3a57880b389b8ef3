/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/layer_view.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "image/layer/squashfs_reader.h"

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

/* Takes the names that are hidden by those above out of a layer's own. */
static void add_names(const struct string_list *own, const struct string_list *gone,
		      struct string_list *ret)
{
	for (size_t i = 0; i < own->count; i++)
		if (!string_list_has(ret, own->items[i]) && !string_list_has(gone, own->items[i]))
			string_list_add(ret, own->items[i]);
}

/* Which of a layer's names are whiteouts. */
static bool find_gone(struct squashfs_reader *layer, const char *path, struct string_list *names,
		      struct string_list *gone, struct error *err)
{
	AUTO(string_list_clear) struct string_list kept = STRING_LIST_INIT;

	for (size_t i = 0; i < names->count; i++) {
		AUTO(squashfs_place_clear) struct squashfs_place place = {0};
		AUTO(strbuf_clear) struct strbuf name = STRBUF_INIT;
		strbuf_appendf(&name, "%s/%s", path, names->items[i]);
		if (!squashfs_reader_find(layer, strbuf_text(&name), &place, err))
			return false;
		string_list_add(place.kind == SQUASHFS_GONE ? gone : &kept, names->items[i]);
	}
	string_list_clear(names);
	*names = kept;
	kept = STRING_LIST_INIT;
	return true;
}

static bool list_layer(struct squashfs_reader *layer, const char *path, struct string_list *ret,
		       struct string_list *gone, bool *ret_hides, struct error *err)
{
	AUTO(squashfs_place_clear) struct squashfs_place place = {0};
	AUTO(string_list_clear) struct string_list own = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list own_gone = STRING_LIST_INIT;

	if (!squashfs_reader_find(layer, path, &place, err))
		return false;
	*ret_hides = hides_lower(&place);
	if (place.kind != SQUASHFS_FOLDER)
		return true;
	if (!squashfs_reader_list(layer, &place, &own, err) ||
	    !find_gone(layer, path, &own, &own_gone, err))
		return false;
	add_names(&own, gone, ret);
	string_list_copy(gone, &own_gone);
	return true;
}

bool layer_view_list(const struct layer_view *view, const char *path, struct string_list *ret,
		     struct error *err)
{
	AUTO(string_list_clear) struct string_list gone = STRING_LIST_INIT;
	bool is_hidden = false;

	for (size_t i = view->count; i > 0 && !is_hidden; i--)
		if (!list_layer(view->layers[i - 1], path, ret, &gone, &is_hidden, err))
			return error_prefix(err, "'%s'", path);
	string_list_sort(ret);
	return true;
}

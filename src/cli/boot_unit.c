/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/boot_unit.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "base/process_run.h"
#include "base/strbuf.h"

/* In quotes, as systemd.syntax(7) has them; % begins a specifier and $ a variable. */
static void append_word(struct strbuf *text, const char *word, bool is_command)
{
	strbuf_append_char(text, '"');
	for (; *word != '\0'; word++) {
		if (*word == '"' || *word == '\\')
			strbuf_append_char(text, '\\');
		if (*word == '%' || (*word == '$' && is_command))
			strbuf_append_char(text, *word);
		strbuf_append_char(text, *word == '\n' ? ' ' : *word);
	}
	strbuf_append_char(text, '"');
}

/* A value to the end of the line. */
static void append_plain(struct strbuf *text, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '%')
			strbuf_append_char(text, '%');
		strbuf_append_char(text, *value == '\n' || *value == '\\' ? ' ' : *value);
	}
}

char *boot_unit_text(const struct boot_unit *unit)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	strbuf_append(&text, "# Made by `i2kit up --boot`, removed by `i2kit down`.\n[Unit]\n");
	strbuf_appendf(&text, "Description=i2kit project %s of ", unit->project);
	append_plain(&text, unit->folder);
	strbuf_append(&text, "\nDocumentation=man:i2kit(1)\n");
	if (!unit->is_user)
		strbuf_append(&text, "Wants=network-online.target libvirtd.service\n"
				     "After=network-online.target libvirtd.service "
				     "libvirtd.socket\n");
	strbuf_append(&text, "\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
			     "# The supervisor stays when the unit ends; pods do, too.\n"
			     "KillMode=process\nTimeoutStartSec=10min\n");
	for (size_t i = 0; i < unit->environment->count; i++) {
		strbuf_append(&text, "Environment=");
		append_word(&text, unit->environment->items[i], false);
		strbuf_append_char(&text, '\n');
	}
	strbuf_append(&text, "ExecStart=");
	append_word(&text, unit->program, true);
	strbuf_appendf(&text, " -p %s start --as-it-was\n\n[Install]\nWantedBy=%s\n", unit->project,
		       unit->is_user ? "default.target" : "multi-user.target");
	return strbuf_take(&text);
}

static bool is_user(void)
{
	return geteuid() != 0;
}

/* Where units of this user lie, owned; NULL without a home. */
static char *unit_folder(void)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (!is_user())
		return xstrdup("/etc/systemd/system");
	if (config != NULL && config[0] == '/')
		return path_join(config, "systemd/user");
	return home != NULL ? path_join(home, ".config/systemd/user") : NULL;
}

/* The unit's file and the link that has it started. */
struct places {
	char *name;
	char *file;
	char *wants;
	char *link;
};

static void places_clear(struct places *places)
{
	free(places->name);
	free(places->file);
	free(places->wants);
	free(places->link);
}

static bool find_places(const char *project, struct places *ret, struct error *err)
{
	AUTO_FREE char *folder = unit_folder();

	if (folder == NULL)
		return error_set(err, ERROR_NOT_FOUND, "HOME is not set");
	ret->name = xasprintf("i2kit-%s.service", project);
	ret->file = path_join(folder, ret->name);
	ret->wants =
		path_join(folder, is_user() ? "default.target.wants" : "multi-user.target.wants");
	ret->link = path_join(ret->wants, ret->name);
	return true;
}

/* What our own paths follow from: a unit has none of it. */
static void keep_environment(struct string_list *ret)
{
	static const char *const names[] = {"HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
					    "XDG_CACHE_HOME", "XDG_CONFIG_HOME"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			string_list_addf(ret, "%s=%s", names[i], value);
	}
	/* Of root it is not the session's, which goes. */
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	if (runtime != NULL && !is_user() && strncmp(runtime, "/run/user/", 10) != 0)
		string_list_addf(ret, "XDG_RUNTIME_DIR=%s", runtime);
}

static char *own_program(struct error *err)
{
	char path[PATH_MAX + 1];
	ssize_t size = readlink("/proc/self/exe", path, PATH_MAX);

	if (size < 0) {
		error_set_errno(err, errno, "/proc/self/exe");
		return NULL;
	}
	return xstrndup(path, (size_t)size);
}

bool boot_unit_systemd_runs(void)
{
	return path_exists("/run/systemd/system");
}

bool boot_unit_lingers(void)
{
	const struct passwd *user = getpwuid(geteuid());

	if (!is_user() || user == NULL)
		return true;
	AUTO_FREE char *mark = path_join("/var/lib/systemd/linger", user->pw_name);
	return path_exists(mark);
}

/* It reads its units again; what it says when it does not run is nobody's business. */
static void tell_systemd(void)
{
	enum { RELOAD_MS = 30000 };
	const char *const of_user[] = {"systemctl", "--user", "daemon-reload", NULL};
	const char *const of_system[] = {"systemctl", "daemon-reload", NULL};
	const struct process_run run = {.argv = is_user() ? of_user : of_system,
					.timeout_ms = RELOAD_MS,
					.accept_failure = true};
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;

	if (boot_unit_systemd_runs() && !process_run(&run, &output, &err))
		log_verbose("systemctl: %s", err.message);
}

bool boot_unit_install(const char *project, const char *folder, char **ret_path, struct error *err)
{
	AUTO(places_clear) struct places places = {0};
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	AUTO_FREE char *program = own_program(err);

	if (program == NULL || !find_places(project, &places, err) ||
	    !path_make_folders(places.wants, 0755, err))
		return false;
	keep_environment(&environment);
	const struct boot_unit unit = {.program = program,
				       .project = project,
				       .folder = folder,
				       .environment = &environment,
				       .is_user = is_user()};
	AUTO_FREE char *text = boot_unit_text(&unit);
	if (!file_write_atomic(places.file, text, strlen(text), 0644, err))
		return false;
	if (symlink(places.file, places.link) < 0 && errno != EEXIST)
		return error_set_errno(err, errno, "%s", places.link);
	tell_systemd();
	*ret_path = TAKE_PTR(places.file);
	return true;
}

bool boot_unit_remove(const char *project, bool *ret_was_there, struct error *err)
{
	AUTO(places_clear) struct places places = {0};
	AUTO(error_clear) struct error homeless = ERROR_INIT;

	*ret_was_there = false;
	if (!find_places(project, &places, &homeless))
		return true;
	if (unlink(places.link) < 0 && errno != ENOENT)
		return error_set_errno(err, errno, "%s", places.link);
	*ret_was_there = unlink(places.file) == 0;
	if (!*ret_was_there && errno != ENOENT)
		return error_set_errno(err, errno, "%s", places.file);
	if (*ret_was_there)
		tell_systemd();
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/process.h"
#include "base/process_run.h"
#include "base/strbuf.h"
#include "cli/output.h"
#include "cloud/provider.h"
#include "cloud/providers/providers.h"
#include "image/build/builder.h"
#include "image/disk/base_folder.h"
#include "image/oci/credential_find.h"
#include "image/oci/docker_config.h"
#include "image/store/store.h"
#include "local/client/local_authority.h"
#include "local/template/template_store.h"
#include "local/vm/accel.h"
#include "local/vm/network.h"
#include "local/vm/share.h"
#include "wire/guest_level.h"

/* Below this much free space a build may not finish. */
#define LEAST_FREE_BYTES (UINT64_C(2) << 30)

enum { ANSWER_MS = 10000, MOST_CPUINFO = 4 * 1024 * 1024 };

void finding_clear(struct finding *finding)
{
	free(finding->text);
	free(finding->mend);
	*finding = (struct finding){0};
}

static const char *sudo(void)
{
	return geteuid() == 0 ? "" : "sudo ";
}

static void mend(struct finding *ret, enum finding_level level, bool is_safe, char *command)
{
	ret->level = level;
	ret->is_safe_to_fix = is_safe;
	free(ret->mend);
	ret->mend = command;
}

static void mend_package(struct finding *ret, enum finding_level level, const char *packages)
{
	mend(ret, level, true, xasprintf("%sapt-get install -y %s", sudo(), packages));
}

/* "vmx", "svm", or NULL where the processor offers neither. */
static const char *virtualisation_flag(void)
{
	AUTO_FREE char *cpuinfo = NULL;
	if (!file_read("/proc/cpuinfo", MOST_CPUINFO, &cpuinfo, NULL, NULL))
		return NULL;
	const char *flags = strstr(cpuinfo, "\nflags");
	if (flags == NULL)
		return NULL;
	const char *end = strchrnul(flags + 1, '\n');
	AUTO_FREE char *line = xasprintf("%.*s ", (int)(end - flags), flags);
	return strstr(line, " vmx ") ? "vmx" : (strstr(line, " svm ") ? "svm" : NULL);
}

static void check_cpu(const char *uri, struct finding *ret)
{
	const char *flag = virtualisation_flag();
	(void)uri;
	if (flag != NULL) {
		ret->text = xasprintf("hardware virtualisation (%s)", flag);
		return;
	}
	ret->level = FINDING_NOTE;
	ret->text = xstrdup("no vmx or svm: pods run emulated, slower; firmware or the outer "
			    "hypervisor turns it on");
}

static void check_kvm(const char *uri, struct finding *ret)
{
	AUTO(accel_clear) struct accel accel = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)uri;
	/* Not whether the device opens: whether a guest answers under it. */
	if (!accel_choose("auto", &accel, &err)) {
		ret->level = FINDING_NOTE;
		ret->text = xstrdup(err.message);
		return;
	}
	if (accel.is_kvm) {
		ret->text = xstrdup("a guest answers under KVM");
		return;
	}
	ret->level = FINDING_NOTE;
	ret->text = xasprintf("pods run emulated: %s", accel.reason ? accel.reason : "no KVM");
	if (access("/dev/kvm", F_OK) != 0)
		ret->mend = xasprintf("%smodprobe -a kvm_intel kvm_amd", sudo());
	else if (access("/dev/kvm", R_OK | W_OK) != 0)
		ret->mend = xstrdup("sudo usermod -aG kvm $USER");
}

static void check_qemu(const char *uri, struct finding *ret)
{
	(void)uri;
	AUTO_FREE char *program = process_find_program("qemu-system-x86_64");
	if (program != NULL) {
		ret->text = TAKE_PTR(program);
		return;
	}
	ret->text = xstrdup("qemu-system-x86_64 is not installed");
	mend_package(ret, FINDING_BROKEN, "qemu-system-x86 qemu-utils");
}

/* Folders are shared in system mode alone; elsewhere their files are copied. */
static void check_virtiofsd(const char *uri, struct finding *ret)
{
	AUTO_FREE char *program = share_find_program();
	bool is_needed = strstr(uri, "/session") == NULL;

	if (program != NULL) {
		ret->text = TAKE_PTR(program);
		return;
	}
	ret->text =
		xstrdup(is_needed ? "virtiofsd is not installed: hostPath folders cannot be shared"
				  : "virtiofsd is not installed, and not needed here");
	if (is_needed)
		mend_package(ret, FINDING_NOTE,
			     "virtiofsd || sudo apt-get install -y qemu-system-common");
}

/* How to start libvirt where the URI points: by systemd, by hand, or not at all (on demand). */
static char *start_libvirt(const char *uri)
{
	if (strstr(uri, "/session") != NULL)
		return xstrdup("libvirtd -d");
	if (path_exists("/run/systemd/system"))
		return xasprintf("%ssystemctl start virtlogd.socket libvirtd.socket", sudo());
	return xasprintf("%svirtlogd -d; %slibvirtd -d", sudo(), sudo());
}

static void check_libvirt(const char *uri, struct finding *ret)
{
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	const char *const argv[] = {"virsh", "--quiet", "-c", uri, "version", NULL};
	struct process_run run = {.argv = argv, .timeout_ms = ANSWER_MS};

	if (process_run(&run, &output, &err)) {
		ret->text = xasprintf("%s answers", uri);
		return;
	}
	ret->text = xasprintf("%s: %s", uri, err.message);
	if (err.kind == ERROR_NOT_FOUND)
		mend_package(ret, FINDING_BROKEN,
			     "libvirt-clients libvirt-daemon-system libvirt-daemon-driver-qemu");
	else if (strstr(err.message, "ermission") != NULL ||
		 strstr(err.message, "authentication") != NULL)
		mend(ret, FINDING_BROKEN, false, xstrdup("sudo usermod -aG libvirt $USER"));
	else
		mend(ret, FINDING_BROKEN, true, start_libvirt(uri));
}

static void check_network(const char *uri, struct finding *ret)
{
	if (strstr(uri, "/session") != NULL) {
		ret->text = xstrdup("QEMU's own user network, built in");
		return;
	}
	AUTO_FREE char *program = process_find_program("dnsmasq");
	if (program != NULL) {
		ret->text = TAKE_PTR(program);
		return;
	}
	ret->text = xstrdup("dnsmasq is not installed: pods get no network");
	mend_package(ret, FINDING_BROKEN, "dnsmasq-base iptables");
}

/* What keeps projects apart, and guests from each other's addresses. */
static void check_filter(const char *uri, struct finding *ret)
{
	const char *const nft[] = {"nft", "list", "tables", NULL};
	const char *const virsh[] = {"virsh",	    "--quiet", "-c", uri, "nwfilter-dumpxml",
				     CLEAN_TRAFFIC, NULL};
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct process_run run = {.argv = geteuid() == 0 ? nft : virsh, .timeout_ms = ANSWER_MS};

	if (strstr(uri, "/session") != NULL) {
		ret->text = xstrdup("nothing to filter: each VM is alone in its network");
	} else if (process_run(&run, &output, &err)) {
		ret->text = xstrdup(geteuid() == 0 ? "nftables" : "libvirt's " CLEAN_TRAFFIC);
	} else if (geteuid() == 0) {
		ret->text = xasprintf("projects cannot be kept apart: %s", err.message);
		mend_package(ret, FINDING_BROKEN, "nftables");
	} else {
		ret->text = xstrdup("a pod that was taken over can take another's address");
		mend_package(ret, FINDING_NOTE, "libvirt-daemon-config-nwfilter");
	}
}

static void check_store(const char *uri, struct finding *ret)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *folder = path_folder(PATH_DATA, NULL);
	(void)uri;
	/* Not opened where it is not there: that would make it. */
	if (!path_exists(folder)) {
		ret->text = xasprintf("%s is made at the first build", folder);
		return;
	}
	AUTO_PTR(store) struct store *store = store_open(NULL, &err);
	if (store == NULL) {
		ret->level = FINDING_BROKEN;
		ret->text = xstrdup(err.message);
		return;
	}
	ret->text = xstrdup(store_folder(store));
}

static void check_space(const char *uri, struct finding *ret)
{
	char free_text[OUTPUT_SIZE_SIZE];
	struct statvfs space;
	AUTO_FREE char *folder = path_folder(PATH_DATA, NULL);
	(void)uri;
	/* The nearest folder that exists is on the same disk. */
	while (statvfs(folder, &space) < 0) {
		char *slash = strrchr(folder, '/');
		if (errno != ENOENT || slash == NULL || slash == folder)
			break;
		*slash = '\0';
	}
	if (statvfs(folder, &space) < 0) {
		ret->level = FINDING_BROKEN;
		ret->text = xasprintf("%s: %s", folder, strerror(errno));
		return;
	}
	uint64_t free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
	output_format_size(free_text, free_bytes);
	ret->text = xasprintf("%s free at %s", free_text, folder);
	if (free_bytes < LEAST_FREE_BYTES)
		mend(ret, FINDING_BROKEN, false, xstrdup("i2kit prune"));
}

/* What warm starts cost, and that there are some. */
static void check_warm(const char *uri, struct finding *ret)
{
	AUTO(template_list_clear) struct template_list list = {0};
	uint64_t budget = template_budget();

	(void)uri;
	template_list_read(&list);
	ret->text = budget == 0
			    ? xstrdup("no templates: every VM boots (I2KIT_WARM_BUDGET)")
			    : xasprintf("%zu templates of VMs that start warm, %llu of %llu MiB",
					list.count, (unsigned long long)(list.total_bytes >> 20),
					(unsigned long long)(budget >> 20));
	if (budget == 0)
		ret->level = FINDING_NOTE;
	AUTO_FREE char *ksm = NULL;
	if (budget == 0 || !file_read("/sys/kernel/mm/ksm/run", 16, &ksm, NULL, NULL))
		return;
	AUTO_FREE char *text = ret->text;
	ret->text = xasprintf("%s; equal pages of VMs are %s (KSM)", text,
			      ksm[0] == '1' ? "shared" : "not looked for");
}

static void check_base(const char *uri, struct finding *ret)
{
	AUTO(base_folder_clear) struct base_folder base = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)uri;
	if (base_folder_load(NULL, &base, &err)) {
		AUTO_FREE char *complaint = base_folder_complaint(&base);
		if (complaint == NULL) {
			ret->text = xasprintf("%s (%s) at %s", base.name, base.kernel, base.path);
			return;
		}
		ret->text = TAKE_PTR(complaint);
		bool is_newer = base.guest_level > GUEST_LEVEL;
		mend(ret, FINDING_NOTE, false,
		     is_newer ? xstrdup("a newer i2kit, or a base of this one")
			      : xasprintf("scripts/make-base %s", base.path));
		return;
	}
	ret->text = xstrdup(err.message);
	mend(ret, FINDING_BROKEN, true, xstrdup("scripts/make-base"));
}

/* Nobody needs one whose images are all made elsewhere. */
static void check_builder(const char *uri, struct finding *ret)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	enum builder_kind kind;
	(void)uri;
	if (builder_choose(getenv("I2KIT_BUILDER"), &kind, &err)) {
		const char *isolation = builder_isolation(kind);
		ret->text =
			xasprintf("%s builds images of Dockerfiles%s", builder_words[kind],
				  isolation != NULL ? ", RUN in a chroot: no crun or runc" : "");
		return;
	}
	ret->level = FINDING_NOTE;
	ret->text = xstrdup(err.message);
	ret->mend = xstrdup_or_null(err.hint);
}

static void check_registry(const char *uri, struct finding *ret)
{
	AUTO(credential_clear) struct credential credential = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)uri;
	if (!credential_find("docker.io", "library/nginx", &credential, &err)) {
		ret->level = FINDING_NOTE;
		ret->text = xstrdup(err.message);
		ret->mend = xstrdup("docker login");
		return;
	}
	bool is_known = credential.username != NULL || credential.identity_token != NULL;
	ret->text = xstrdup(is_known ? "docker.io: credentials found"
				     : "docker.io: none, pulls are anonymous");
}

/* Who we are there, owned; NULL and *err: nobody. */
static char *identify(const struct cloud_provider *provider, struct error *err)
{
	const struct cloud_options options = {0};
	struct cloud *cloud = provider->open(&options, err);
	char *who = cloud != NULL ? provider->identify(cloud, err) : NULL;
	if (cloud != NULL)
		provider->close(cloud);
	return who;
}

/* One that knows us is enough; nobody needs a cloud to run pods here. */
static void check_cloud(const char *uri, struct finding *ret)
{
	const struct cloud_provider *const *providers = cloud_providers();
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	(void)uri;
	for (size_t i = 0; providers[i] != NULL; i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		char *who = identify(providers[i], &err);
		if (who != NULL) {
			ret->text = who;
			return;
		}
		strbuf_appendf(&text, "%s%s: %s", i > 0 ? "; " : "", providers[i]->name,
			       err.message != NULL ? err.message : "not available");
	}
	if (providers[0] == NULL)
		strbuf_append(&text, "no cloud is in this build");
	ret->level = FINDING_NOTE;
	ret->text = strbuf_take(&text);
	if (providers[0] != NULL)
		ret->mend = xstrdup(providers[0]->login);
}

static void check_proxy(const char *uri, struct finding *ret)
{
	AUTO_FREE char *program = process_find_program("haproxy");

	(void)uri;
	if (program != NULL) {
		ret->text = xasprintf("%s, for Ingress and routes", program);
		return;
	}
	ret->text = xstrdup("HAProxy is not installed: Ingress and routes want it");
	mend_package(ret, FINDING_NOTE, "haproxy");
}

static bool make_authority(struct error *err)
{
	AUTO(certificate_clear) struct certificate made = {0};

	return local_authority_load(&made, err);
}

static void check_authority(const char *uri, struct finding *ret)
{
	AUTO_FREE char *path = local_authority_path();

	(void)uri;
	if (local_authority_exists()) {
		ret->text = xasprintf("%s signs for https routes; trusted after: sudo cp %s "
				      "/usr/local/share/ca-certificates/i2kit.crt && sudo "
				      "update-ca-certificates (browsers: import it)",
				      path, path);
		return;
	}
	ret->level = FINDING_NOTE;
	ret->text = xstrdup("no authority of your own yet that signs for https routes");
	ret->mend = xstrdup("i2kit doctor --fix makes one");
	ret->is_safe_to_fix = true;
	ret->fix = make_authority;
}

void doctor_check(int number, const char *uri_or_null, struct finding *ret)
{
	static const struct {
		const char *name;
		void (*check)(const char *uri, struct finding *ret);
	} checks[DOCTOR_CHECK_COUNT] = {
		{"cpu", check_cpu},	      {"kvm", check_kvm},
		{"qemu", check_qemu},	      {"virtiofsd", check_virtiofsd},
		{"libvirt", check_libvirt},   {"network", check_network},
		{"filter", check_filter},     {"store", check_store},
		{"space", check_space},	      {"warm", check_warm},
		{"base", check_base},	      {"proxy", check_proxy},
		{"https", check_authority},   {"builder", check_builder},
		{"registry", check_registry}, {"cloud", check_cloud},
	};
	const char *uri = uri_or_null;
	if (uri == NULL)
		uri = geteuid() == 0 ? "qemu:///system" : "qemu:///session";
	*ret = (struct finding){.name = checks[number].name};
	checks[number].check(uri, ret);
}

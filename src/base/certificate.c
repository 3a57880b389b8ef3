/* SPDX-License-Identifier: Apache-2.0 */
#include "base/certificate.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

DEFINE_AUTO_PTR(bio_st, BIO_free_all)
DEFINE_AUTO_PTR(evp_pkey_st, EVP_PKEY_free)
DEFINE_AUTO_PTR(x509_st, X509_free)

enum { SERIAL_BYTES = 16, DAY_S = 86400, CLOCK_SLACK_S = 3600 };

void certificate_clear(struct certificate *certificate)
{
	if (certificate->key != NULL)
		explicit_bzero(certificate->key, strlen(certificate->key));
	free(certificate->certificate);
	free(certificate->key);
	*certificate = (struct certificate){0};
}

static bool fail(struct error *err, const char *what)
{
	ERR_clear_error(); /* else libcurl's next TLS call finds it */
	return error_set(err, ERROR_SYSTEM, "libcrypto: %s", what);
}

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *buffer, int size, int is_written, void *arg)
{
	(void)buffer;
	(void)size;
	(void)is_written;
	(void)arg;
	return -1;
}

static X509 *read_certificate(const char *pem, size_t size)
{
	AUTO_PTR(bio_st) BIO *in = size <= INT_MAX ? BIO_new_mem_buf(pem, (int)size) : NULL;

	return in != NULL ? PEM_read_bio_X509(in, NULL, no_passphrase, NULL) : NULL;
}

static EVP_PKEY *read_key(const char *pem, size_t size)
{
	AUTO_PTR(bio_st) BIO *in = size <= INT_MAX ? BIO_new_mem_buf(pem, (int)size) : NULL;

	return in != NULL ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
}

static char *take_text(BIO *out)
{
	char *bytes = NULL;
	long size = BIO_get_mem_data(out, &bytes);

	return size > 0 ? xstrndup(bytes, (size_t)size) : NULL;
}

static bool write_out(X509 *certificate, EVP_PKEY *key, struct certificate *ret)
{
	AUTO_PTR(bio_st) BIO *first = BIO_new(BIO_s_mem());
	AUTO_PTR(bio_st) BIO *second = BIO_new(BIO_s_secmem());

	if (first == NULL || second == NULL || PEM_write_bio_X509(first, certificate) != 1 ||
	    PEM_write_bio_PKCS8PrivateKey(second, key, NULL, NULL, 0, NULL, NULL) != 1)
		return false;
	ret->certificate = take_text(first);
	ret->key = take_text(second);
	return ret->certificate != NULL && ret->key != NULL;
}

/* What libcrypto calls it, and its value in the language of openssl.cnf. */
static bool add_extension(X509 *certificate, X509 *issuer, int id, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
	bool is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return is_added;
}

static bool fill(X509 *certificate, EVP_PKEY *key, const char *name, unsigned days)
{
	unsigned char serial[SERIAL_BYTES];
	X509_NAME *subject = X509_get_subject_name(certificate);

	if (RAND_bytes(serial, sizeof(serial)) != 1)
		return false;
	serial[0] = (unsigned char)(serial[0] & 0x7f); /* a positive number */
	BIGNUM *number = BN_bin2bn(serial, sizeof(serial), NULL);
	bool is_numbered = number != NULL &&
			   BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
	BN_free(number);
	return is_numbered && X509_set_version(certificate, X509_VERSION_3) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate), -CLOCK_SLACK_S) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(certificate), (long)days * DAY_S) != NULL &&
	       X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
					  (const unsigned char *)"i2kit", -1, -1, 0) == 1 &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name,
					  -1, -1, 0) == 1 &&
	       X509_set_pubkey(certificate, key) == 1;
}

bool certificate_make_authority(const char *name, unsigned days, struct certificate *ret,
				struct error *err)
{
	AUTO_PTR(evp_pkey_st) EVP_PKEY *key = EVP_EC_gen("P-256");
	AUTO_PTR(x509_st) X509 *made = X509_new();
	AUTO(certificate_clear) struct certificate written = {0};

	if (key == NULL || made == NULL || !fill(made, key, name, days) ||
	    X509_set_issuer_name(made, X509_get_subject_name(made)) != 1 ||
	    !add_extension(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
	    !add_extension(made, made, NID_key_usage, "critical,keyCertSign,cRLSign") ||
	    !add_extension(made, made, NID_subject_key_identifier, "hash") ||
	    X509_sign(made, key, EVP_sha256()) == 0 || !write_out(made, key, &written))
		return fail(err, "cannot make an authority");
	*ret = written;
	written = (struct certificate){0};
	return true;
}

static char *join_names(const struct string_list *names)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < names->count; i++)
		strbuf_appendf(&out, "%sDNS:%s", i > 0 ? "," : "", names->items[i]);
	return strbuf_take(&out);
}

/* They stand in a list with commas and colons. */
static bool are_names(const struct string_list *names)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];
		if (name[0] == '\0' ||
		    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.*")])
			return false;
	}
	return names->count > 0;
}

bool certificate_make_server(const struct certificate *authority, const struct string_list *names,
			     unsigned days, struct certificate *ret, struct error *err)
{
	AUTO_PTR(evp_pkey_st)
	EVP_PKEY *signer = read_key(authority->key, strlen(authority->key));
	AUTO_PTR(x509_st)
	X509 *issuer = read_certificate(authority->certificate, strlen(authority->certificate));
	AUTO_PTR(evp_pkey_st) EVP_PKEY *key = EVP_EC_gen("P-256");
	AUTO_PTR(x509_st) X509 *made = X509_new();
	AUTO(certificate_clear) struct certificate written = {0};

	if (!are_names(names))
		return error_set(err, ERROR_INVALID, "a certificate wants DNS names");
	if (signer == NULL || issuer == NULL)
		return fail(err, "the authority's certificate or key cannot be read");
	AUTO_FREE char *alternatives = join_names(names);
	if (key == NULL || made == NULL || !fill(made, key, "localhost", days) ||
	    X509_set_issuer_name(made, X509_get_subject_name(issuer)) != 1 ||
	    !add_extension(made, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
	    !add_extension(made, issuer, NID_key_usage, "critical,digitalSignature") ||
	    !add_extension(made, issuer, NID_ext_key_usage, "serverAuth") ||
	    !add_extension(made, issuer, NID_authority_key_identifier, "keyid") ||
	    !add_extension(made, issuer, NID_subject_alt_name, alternatives) ||
	    X509_sign(made, signer, EVP_sha256()) == 0 || !write_out(made, key, &written))
		return fail(err, "cannot make a certificate");
	*ret = written;
	written = (struct certificate){0};
	return true;
}

bool certificate_check(const char *chain, size_t chain_size, const char *key, size_t key_size,
		       struct error *err)
{
	AUTO_PTR(x509_st) X509 *first = read_certificate(chain, chain_size);
	AUTO_PTR(evp_pkey_st) EVP_PKEY *own = read_key(key, key_size);
	bool do_fit = first != NULL && own != NULL && X509_check_private_key(first, own) == 1;

	ERR_clear_error();
	if (first == NULL)
		return error_set(err, ERROR_INVALID, "tls.crt is no certificate in PEM");
	if (own == NULL)
		return error_set(err, ERROR_INVALID,
				 "tls.key is no private key in PEM without passphrase");
	return do_fit ||
	       error_set(err, ERROR_INVALID, "tls.key is not the key of tls.crt's certificate");
}

bool certificate_is_good(const struct certificate *server, const struct certificate *authority,
			 unsigned days)
{
	AUTO_PTR(x509_st)
	X509 *own = read_certificate(server->certificate, strlen(server->certificate));
	AUTO_PTR(x509_st)
	X509 *issuer = read_certificate(authority->certificate, strlen(authority->certificate));
	EVP_PKEY *signer = issuer != NULL ? X509_get0_pubkey(issuer) : NULL;
	time_t then = time(NULL) + (time_t)days * DAY_S;
	bool is_good = own != NULL && signer != NULL && X509_verify(own, signer) == 1 &&
		       X509_cmp_time(X509_get0_notAfter(own), &then) > 0;

	ERR_clear_error();
	return is_good;
}

/* xmp: the properties of an XMP packet that say who made a thing (ISO 16684-1: RDF in XML). */
#ifndef AIGC_PROVENANCE_XMP_H
#define AIGC_PROVENANCE_XMP_H

#include <jansson.h>
#include <stddef.h>

#include "core/status.h"

/* {"DigitalSourceType": …, "AISystemUsed": …, "AIGC": …, "origin": …, …}, all strings; the caller's (json_decref). Packets
 * with a document type, deeper than 64 elements or damaged give what stood before the fault. NULL with STATUS_NOMEM. */
json_t *xmp_read(const char *packet, size_t size, status *st);

#endif

/* provenance: what a file says of where it came from, whoever made it, put together from its tags.
 *
 * The report is a JSON object; of these, what is there (docs/origin.md):
 *
 *     container  "PNG", …            found       ["PNG iTXt XMP", …]: where something was said
 *     generated  true or false       source      IPTC's term, its last part
 *     by         who made it         origin      our record
 *     label      the AIGC label      xmp         properties of its XMP packet
 *     parameters AUTOMATIC1111's     comfyui     ["prompt", "workflow"]: chunks that are there
 *     c2pa       true: a manifest    tags        other texts        broken   what ended the reading
 *
 * Nothing of it is proved: a file can say what it likes.
 */
#ifndef AIGC_PROVENANCE_PROVENANCE_H
#define AIGC_PROVENANCE_PROVENANCE_H

#include <jansson.h>

#include "core/status.h"

/* path "-": stdin. For a text the file PATH.origin.json beside it is read too. The caller's (json_decref); NULL with st. */
json_t *provenance_read(const char *path, status *st);

/* The same of bytes in memory. */
json_t *provenance_read_bytes(const void *data, size_t size, status *st);

#endif

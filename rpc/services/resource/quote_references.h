/* What texts refer to: quotes of secrets and of their stores, wherever a kind allows them. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_QUOTE_REFERENCES_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_QUOTE_REFERENCES_H

#include "rpc/services/resource/reference_reader.h"
#include "rpc/services/resource/walk.h"

/*
 * Whether the texts of the spot's field may hold quotes in objects of the kind: the contract allows
 * them there, on the way there, or for the whole kind, whose envelope is excepted. A secret may
 * always be one.
 */
bool quotes__are_allowed(const struct kind *kind, const struct spot *spot);

/* Notes the texts of the spot's field, which may hold quotes; `noted`: of enum noted. */
void quote_references__note(struct quoting_texts *texts, struct arena *arena,
                            const struct spot *spot, const ProtobufCMessage *message,
                            unsigned noted);

/*
 * Adds what the texts of one of both objects quote to the reader's references. Quotes that do not
 * parse are left out, since the rules refuse them; a store that does not exist is a violation where
 * it was written.
 */
void quote_references__read(struct references_reader *reader, const struct quoting_texts *texts,
                            enum noted of);

#endif

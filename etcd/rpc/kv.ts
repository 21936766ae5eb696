import { EtcdError, errors, GrpcCode } from '../errors.ts'
import type { Member } from '../member.ts'
import {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  type ResponseHeader,
  TxnRequest,
  TxnResponse,
} from '../proto/messages.ts'
import { checkDeleteRange, checkPut, checkRange, checkTxn } from './check.ts'
import { decodeRequest, type Methods, type ServerCall, unary } from './grpc.ts'

/** Fills in what the state machine does not know: who answers. */
function signed<R extends { header: ResponseHeader | undefined }>(member: Member, response: R): R {
  return { ...response, header: member.header(response.header!.revision) }
}

export function kvMethods(member: Member): Methods {
  return {
    '/etcdserverpb.KV/Range': unary(RangeRequest, RangeResponse, async request => {
      checkRange(request)
      return signed(member, await member.range(request))
    }),
    '/etcdserverpb.KV/RangeStream': call => rangeStream(member, call),
    '/etcdserverpb.KV/Put': unary(PutRequest, PutResponse, async request => {
      checkPut(request)
      return signed(member, await member.put(request))
    }),
    '/etcdserverpb.KV/DeleteRange': unary(DeleteRangeRequest, DeleteRangeResponse, async request => {
      checkDeleteRange(request)
      return signed(member, await member.deleteRange(request))
    }),
    '/etcdserverpb.KV/Txn': unary(TxnRequest, TxnResponse, async request => {
      checkTxn(request)
      return signed(member, await member.txn(request))
    }),
    '/etcdserverpb.KV/Compact': unary(CompactionRequest, CompactionResponse, async request => ({
      header: member.header(await member.compact(request.revision)),
    })),
  }
}

const KEYS_PER_PIECE = 1000

/** A range in pieces: all of one revision, so that what changes meanwhile does not show. */
function rangeStream(member: Member, call: ServerCall): void {
  call.onMessage = bytes => {
    sendPieces(member, call, decodeRequest(RangeRequest, bytes)).then(
      () => call.end(),
      error => call.end(error),
    )
  }
}

async function sendPieces(member: Member, call: ServerCall, request: RangeRequest): Promise<void> {
  checkRange(request)
  if (request.sortOrder !== 0 || request.sortTarget !== 0) {
    throw new EtcdError(GrpcCode.unimplemented, 'etcdserver: RangeStream does not sort; use Range')
  }
  const response = signed(member, await member.range(request))
  for (let at = 0; at === 0 || at < response.kvs.length; at += KEYS_PER_PIECE) {
    if (call.closed) throw errors.watchCanceled
    const kvs = response.kvs.slice(at, at + KEYS_PER_PIECE)
    call.send(RangeStreamResponse.encode({ rangeResponse: { ...response, kvs } }))
  }
}

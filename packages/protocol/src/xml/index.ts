/**
 * The XML documents, separate from the rest: a program that does not use XML need not load the parser, which takes
 * longer than loading most programs.
 */
export { decodeXmlReply, encodeXmlReply, xmlReplySteps } from './reply-xml.ts';
export { decodeXmlRequest, encodeXmlRequest } from './request-xml.ts';

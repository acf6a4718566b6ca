/**
 * The documents in XML, apart from the rest: who speaks none need not load a parser that takes longer to load than most
 * programs.
 */
export { decodeXmlReply, encodeXmlReply } from './reply-xml.ts';
export { decodeXmlRequest, encodeXmlRequest } from './request-xml.ts';

/** Where a request came from, as far as the network tells. `client_address` is an IP address. */
export type RequestContext = { request_id: string; client_address: string; user_agent: string | undefined };

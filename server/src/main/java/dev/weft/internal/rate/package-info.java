/** Rates: token buckets, the addresses that they are kept for, and the transport that waits for them. */
package dev.weft.internal.rate;

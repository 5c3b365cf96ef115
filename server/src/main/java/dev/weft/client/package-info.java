/** The client. */
package dev.weft.client;

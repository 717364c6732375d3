//! Hands a method of a storage trait on to what is inside, unless it is written out.

/// `forward! { read PeopleRead { fn settings() -> Settings; … } { written out } }`: methods that read, for whatever can be read.
/// With `write`: methods that write, for a transaction.
macro_rules! forward {
    (read $trait:ident { $(fn $name:ident($($arg:ident: $type:ty),*) -> $output:ty;)* } { $($written:tt)* }) => {
        #[async_trait::async_trait]
        impl<T: $crate::conformance::broken::faulty::Inside> $trait for $crate::conformance::broken::faulty::Faulty<T> {
            $(
                async fn $name(&self, $($arg: $type),*) -> $crate::storage::Result<$output> {
                    self.read().$name($($arg),*).await
                }
            )*
            $($written)*
        }
    };
    (write $trait:ident { $(fn $name:ident($($arg:ident: $type:ty),*) -> $output:ty;)* } { $($written:tt)* }) => {
        #[async_trait::async_trait]
        impl $trait for $crate::conformance::broken::faulty::Faulty<$crate::conformance::broken::faulty::Underway> {
            $(
                async fn $name(&mut self, $($arg: $type),*) -> $crate::storage::Result<$output> {
                    let result = self.tx().$name($($arg),*).await;
                    self.bend(result)
                }
            )*
            $($written)*
        }
    };
}

pub(super) use forward;
